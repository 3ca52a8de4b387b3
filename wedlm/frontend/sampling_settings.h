// What somebody has asked of sampling and decoding, before it is known which model will answer. It is the one place
// where that is merged with a preset, with what the checkpoint suggests, and with our own defaults.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "wedlm/base/json.h"
#include "wedlm/decode/sampling_options.h"
#include "wedlm/model/generation_config.h"

namespace wedlm {

// Most tokens of an answer where nobody says how many: a matter of the door. A library answers as the original engine's
// does, with the 64 of SamplingParams.
inline constexpr std::int32_t kGenerateMaxTokens = 128;
inline constexpr std::int32_t kChatMaxTokens = 512;
inline constexpr std::int32_t kBenchmarkMaxTokens = 64;

class SamplingSettings {
 public:
  /// With the default length of a library.
  SamplingSettings() = default;
  explicit SamplingSettings(std::int32_t default_max_tokens) : default_max_tokens_(default_max_tokens) {}

  /// Takes a text of the command line; what it is does not matter for a switch. Of values given twice the last counts,
  /// but stops add up. Throws InvalidInput, without the option's name, for a value that does not fit or that
  /// contradicts another option of the same meaning.
  void give_text(const SamplingOption& option, std::string_view text);

  /// Takes a value of JSON in place of what was given before, also by a switch of the command line, whose default a
  /// request may change. Throws InvalidInput, without the option's name.
  void give(const SamplingOption& option, const Json& value);

  /// What is given wins over a preset, the preset over the checkpoint's suggestions, and these over our defaults.
  SamplingParams params(const GenerationDefaults& suggestions) const;

  /// Whether somebody asked for a mode. Where nobody did, a checkpoint without a mask token has it autoregressive.
  bool names_mode() const;

  /// What is given, by the names of JSON.
  Json json() const;

  std::int32_t default_max_tokens() const { return default_max_tokens_; }
  void set_default_max_tokens(std::int32_t max_tokens) { default_max_tokens_ = max_tokens; }

 private:
  struct Given {
    const SamplingOption* option;
    Json value;
  };
  void check_agreement(const SamplingOption& option, const Json& value) const;

  std::int32_t default_max_tokens_ = SamplingParams().max_tokens;
  std::vector<Given> given_;
};

}  // namespace wedlm
