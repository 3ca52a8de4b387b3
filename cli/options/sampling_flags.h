// The decoding options that several subcommands share, as a person gives them, and what they come to. Whatever is not
// given stays empty here until the model's own suggestions are known.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "wedlm/decode/sampling_params.h"
#include "wedlm/model/model_config.h"

namespace CLI {
class App;
}  // namespace CLI

namespace wedlm::cli {

struct SamplingFlags {
  std::optional<std::int32_t> max_tokens{};
  std::optional<double> temperature{};
  std::optional<double> top_p{};
  std::optional<std::int32_t> top_k{};
  std::optional<std::uint64_t> seed{};
  std::vector<std::string> stop{};
  std::vector<TokenId> stop_token_ids{};
  bool ignore_eos = false;
  std::optional<std::string> mode{};
  bool autoregressive = false;
  std::optional<std::string> preset{};
  std::optional<std::string> window_size{};        // a number or "auto"
  std::optional<std::string> entropy_threshold{};  // a number or "none"
  std::optional<double> position_penalty{};
  std::optional<std::int32_t> max_per_step{};
  std::optional<std::string> fallback{};
  bool block_wise = false;
  std::optional<double> draft_threshold{};
  bool no_prompt_lookup = false;
  std::optional<std::string> gate{};
  std::optional<double> gate_epsilon{};
  std::optional<double> gate_delta{};
  std::optional<double> joint_entropy{};
  std::optional<double> agreement{};

  /// What is given wins over the preset, the preset over the model's suggestions, and these over our defaults. Throws
  /// InvalidInput for values out of range and for flags that contradict each other.
  SamplingParams sampling_params(const GenerationDefaults& defaults) const;
};

void add_length_option(CLI::App& app, SamplingFlags& flags, std::int32_t default_value);
void add_sampling_options(CLI::App& app, SamplingFlags& flags);
void add_window_options(CLI::App& app, SamplingFlags& flags);  // the decoding mode's

}  // namespace wedlm::cli
