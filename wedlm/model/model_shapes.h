// The shapes of known models by name, for measurements that need no checkpoint of them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "wedlm/model/model_config.h"

namespace wedlm {

/// "nano", "qwen3-0.6b", "qwen2.5-7b", "qwen3-8b": smallest first.
std::vector<std::string> model_shape_names();

/// nullptr for a name that is not among them.
const ModelConfig* find_model_shape(std::string_view name);

struct ModelShape {
  std::string name;
  ModelConfig config;
};

/// The shape of that name, or that of a config.json, or of the one in a folder. Throws InvalidInput where it is
/// neither, naming what there is, and as parse_model_config(); ResourceError for a file that cannot be read.
ModelShape read_model_shape(const std::string& name_or_path);

}  // namespace wedlm
