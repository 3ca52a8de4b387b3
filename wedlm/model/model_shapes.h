// The shapes of known models by name, for measurements that need no checkpoint.
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

}  // namespace wedlm
