// Settings of `wedlm sweep` as a person writes them: a mode, then options of the command line without their dashes,
// such as "streaming entropy-threshold=0.4 block-wise".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/options/sampling_flags.h"
#include "wedlm/eval/report.h"

namespace wedlm::cli {

struct SettingFlags {
  SettingName name;
  SamplingFlags flags;  // those common to all settings, and its own

  bool is_autoregressive() const { return name.mode == mode_name(DecodeMode::kAutoregressive); }
};

/// Throws InvalidInput that quotes the setting and says which word is wrong and what is known.
SettingFlags parse_setting(std::string_view text, const SamplingFlags& common);

/// All settings that are run: autoregressive first, which the others are compared with, then `texts`, or a list of
/// every mode where there are none. Autoregressive is there once.
std::vector<SettingFlags> sweep_settings(const std::vector<std::string>& texts, const SamplingFlags& common);

}  // namespace wedlm::cli
