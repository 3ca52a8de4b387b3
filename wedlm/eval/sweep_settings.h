// Settings of a sweep as a person writes them: a mode, then decoding options of the command line without their dashes,
// such as "streaming entropy-threshold=0.4 block-wise".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "wedlm/eval/report.h"
#include "wedlm/frontend/sampling_settings.h"

namespace wedlm {

struct NamedSettings {
  SettingName name;
  SamplingSettings settings;  // those common to all of a sweep, and its own

  bool is_autoregressive() const { return name.mode == mode_name(DecodeMode::kAutoregressive); }
};

/// Throws InvalidInput that quotes the setting and says which word is wrong and what is known.
NamedSettings parse_setting(std::string_view text, const SamplingSettings& common);

/// All settings that are run: autoregressive first, which the others are compared with, then `texts`, or a list of
/// every mode where there are none. Autoregressive is there once.
std::vector<NamedSettings> sweep_settings(const std::vector<std::string>& texts, const SamplingSettings& common);

}  // namespace wedlm
