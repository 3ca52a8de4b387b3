// Options that name the shape of a model: bench's --shape, and --inflate.
#pragma once

#include <string>

#include "wedlm/model/model_shapes.h"

namespace wedlm::cli {

/// "nano, qwen3-0.6b, qwen2.5-7b, qwen3-8b, or a config.json or its folder".
std::string shape_choices();

/// read_model_shape(), of which an InvalidInput begins with the option's name.
ModelShape shape_of(const char* option, const std::string& name_or_path);

}  // namespace wedlm::cli
