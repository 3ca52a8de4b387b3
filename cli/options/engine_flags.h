// The engine's limits and its K/V cache, as a person gives them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cli/options/option_group.h"
#include "wedlm/engine/engine.h"

namespace wedlm::cli {

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

void add_engine_options(CLI::App& app, EngineFlags& flags);
/// --kv-cache-type, which add_engine_options() has too.
void add_kv_cache_type_option(OptionGroup& group, std::optional<std::string>& kv_cache_type);
/// What it comes to.
DType kv_cache_type_of(const std::optional<std::string>& kv_cache_type);

}  // namespace wedlm::cli
