#include "cli/options/shape_option.h"

#include "cli/options/option_group.h"
#include "wedlm/base/error.h"

namespace wedlm::cli {

std::string shape_choices() {
  return joined(model_shape_names(), ", ") + ", or a config.json or its folder";
}

ModelShape shape_of(const char* option, const std::string& name_or_path) {
  try {
    return read_model_shape(name_or_path);
  } catch (const InvalidInput& error) {
    throw InvalidInput(std::string(option) + ": " + error.what());
  }
}

}  // namespace wedlm::cli
