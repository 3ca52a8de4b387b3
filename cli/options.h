// The options that several subcommands share, as a person gives them, and what they come to. Whatever is not given
// stays empty here until the model's own suggestions are known.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/console.h"
#include "cli/option_group.h"
#include "wedlm/decode/sampling_params.h"
#include "wedlm/engine/engine.h"
#include "wedlm/engine/loaded_model.h"

namespace wedlm::cli {

/// In which formats matrices are kept in memory.
struct WeightFlags {
  std::optional<std::string> weights{};
  std::optional<std::int64_t> group_size{};
  std::optional<std::string> head_bits{};

  /// What is not given follows from the rest: the head of integer weights has 8 bits. Throws InvalidInput for a group
  /// that no matrix has.
  WeightFormats formats() const;
};

struct ModelOptions {
  std::optional<std::string> model{};  // a folder or a name in the Hugging Face cache
  std::optional<std::string> backend{};
  std::optional<std::int32_t> num_threads{};
  bool pin_threads = false;
  std::optional<TokenId> mask_token_id{};
  WeightFlags weights{};

  /// The folder: `model`, else the shipped one. Throws as resolve_model() and default_model().
  std::filesystem::path folder() const;
  /// Throws InvalidInput for values that no model could take.
  LoadOptions load_options() const;
};

struct EngineFlags {
  std::optional<std::int32_t> max_num_seqs{};
  std::optional<std::int32_t> max_num_batched_tokens{};
  std::optional<std::int32_t> max_model_len{};
  std::optional<std::int32_t> kv_block_size{};
  std::optional<std::size_t> cache_bytes{};
  std::optional<std::string> kv_cache_type{};
  bool no_prefix_cache = false;

  EngineOptions engine_options() const;
};

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

/// "int4 in groups of 64, head int8"; empty where all is as the checkpoint has it.
std::string describe(const WeightFormats& formats);

inline constexpr std::int32_t kDefaultMaxTokens = 128;

void add_model_option(CLI::App& app, ModelOptions& options);  // -m alone, for what only reads files
void add_weight_options(CLI::App& app, WeightFlags& flags);
void add_model_options(CLI::App& app, ModelOptions& options);  // all of the model: what, in which format, how to run it
void add_engine_options(CLI::App& app, EngineFlags& flags);
/// --kv-cache-type, which add_engine_options() has too.
void add_kv_cache_type_option(OptionGroup& group, std::optional<std::string>& kv_cache_type);
/// What it comes to.
DType kv_cache_type_of(const std::optional<std::string>& kv_cache_type);
void add_length_option(CLI::App& app, SamplingFlags& flags, std::int32_t default_value);
void add_sampling_options(CLI::App& app, SamplingFlags& flags);
void add_window_options(CLI::App& app, SamplingFlags& flags);    // the decoding mode's
void add_output_options(CLI::App& app, OutputOptions& options);  // --quiet, --no-color

}  // namespace wedlm::cli
