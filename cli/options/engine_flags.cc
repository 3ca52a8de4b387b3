#include "cli/options/engine_flags.h"

#include "wedlm/model/kv_cache.h"

namespace wedlm::cli {

EngineOptions EngineFlags::engine_options() const {
  check_at_least("--max-num-seqs", 1, max_num_seqs);
  check_at_least("--max-num-batched-tokens", 1, max_num_batched_tokens);
  check_at_least("--max-model-len", 1, max_model_len);
  check_at_least("--kv-block-size", 1, kv_block_size);
  EngineOptions options;
  set_if_given(options.max_num_seqs, max_num_seqs);
  set_if_given(options.max_num_batched_tokens, max_num_batched_tokens);
  set_if_given(options.max_model_len, max_model_len);
  set_if_given(options.block_size, kv_block_size);
  set_if_given(options.cache_bytes, cache_bytes);
  options.kv_cache_type = kv_cache_type_of(kv_cache_type);
  options.enable_prefix_cache = !no_prefix_cache;
  return options;
}

void add_kv_cache_type_option(OptionGroup& group, std::optional<std::string>& kv_cache_type) {
  group.choice({.names = "--kv-cache-type",
                .value = joined(kv_cache_type_names(), "|"),
                .text = "The numbers of the K/V cache; bf16 takes half the memory of f32 and, after long texts, half "
                        "the time to read; int8 takes half the memory of bf16 and rounds more.",
                .default_text = std::string(kv_cache_type_name(EngineOptions().kv_cache_type))},
               kv_cache_type);
}

DType kv_cache_type_of(const std::optional<std::string>& kv_cache_type) {
  return kv_cache_type ? parse_kv_cache_type(*kv_cache_type) : EngineOptions().kv_cache_type;
}

void add_engine_options(CLI::App& app, EngineFlags& flags) {
  OptionGroup group(app, "Engine");
  const EngineOptions defaults;
  group.integer({.names = "--max-model-len",
                 .value = "N",
                 .text = "Most tokens of a prompt and its answer together.",
                 .default_text = "the checkpoint's, at most 4096"},
                flags.max_model_len);
  group.size(
      {.names = "--cache-size",
       .value = "SIZE",
       .text = "Memory of the K/V cache, such as 512M or 2G.",
       .default_text =
           "what the sequences need, at most a quarter of the memory that there is or that a control group allows",
       .environment = "WEDLM_CACHE_SIZE"},
      flags.cache_bytes);
  add_kv_cache_type_option(group, flags.kv_cache_type);
  group.flag({.names = "--no-prefix-cache", .text = "Compute every prompt from its beginning."}, flags.no_prefix_cache);
  group.integer({.names = "--max-num-seqs",
                 .value = "N",
                 .text = "Most sequences in one forward.",
                 .default_text = std::to_string(defaults.max_num_seqs)},
                flags.max_num_seqs);
  group.integer({.names = "--max-num-batched-tokens",
                 .value = "N",
                 .text = "Most rows in one forward.",
                 .default_text = std::to_string(defaults.max_num_batched_tokens)},
                flags.max_num_batched_tokens);
  group.integer({.names = "--kv-block-size",
                 .value = "N",
                 .text = "Tokens in a page of the K/V cache.",
                 .default_text = std::to_string(defaults.block_size)},
                flags.kv_block_size);
}

}  // namespace wedlm::cli
