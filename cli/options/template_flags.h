// What a chat template is told beside the messages.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/options/option_group.h"
#include "wedlm/base/json.h"

namespace wedlm::cli {

struct TemplateFlags {
  std::optional<std::string> think{};    // "on" or "off"
  std::optional<std::string> tools{};    // a file
  std::vector<std::string> arguments{};  // "name=value"

  bool are_given() const { return think || tools || !arguments.empty(); }
  /// An object, as Prompt::template_arguments. Throws InvalidInput for values that are none, naming option and file,
  /// and ResourceError for a file that cannot be read.
  Json template_arguments() const;
};

void add_template_flags(OptionGroup& group, TemplateFlags& flags);

}  // namespace wedlm::cli
