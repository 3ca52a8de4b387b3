#include "wedlm/model/kv_cache.h"

#include <array>

#include "wedlm/base/named.h"

namespace wedlm {

namespace {

constexpr std::array kTypes = {Named{DType::kBF16, "bf16"}, Named{DType::kF32, "f32"}, Named{DType::kI8, "int8"}};

}  // namespace

std::string_view kv_cache_type_name(DType dtype) {
  return name_of(dtype, kTypes);
}

DType parse_kv_cache_type(std::string_view name) {
  return parse_named("K/V cache type", name, kTypes);
}

std::vector<std::string_view> kv_cache_type_names() {
  return names_of(kTypes);
}

std::int64_t KvCache::bytes_per_block(const ModelConfig& config, std::int64_t block_size, DType dtype) {
  return 2 * config.num_hidden_layers * config.num_key_value_heads *
         KvPages::stretch_elements(dtype, block_size, config.head_dim) * static_cast<std::int64_t>(dtype_bytes(dtype));
}

KvCache::KvCache(Backend& backend, const ModelConfig& config, std::int64_t num_blocks, std::int64_t block_size,
                 DType dtype, std::optional<std::int64_t> max_length)
    : num_blocks_(num_blocks),
      block_size_(block_size),
      rotation_(config.rotation(max_length.value_or(config.max_position_embeddings))) {
  const Shape shape{num_blocks, config.num_key_value_heads,
                    KvPages::stretch_elements(dtype, block_size, config.head_dim)};
  const std::size_t bytes = static_cast<std::size_t>(shape.num_elements()) * dtype_bytes(dtype);
  buffer_ = backend.allocate(bytes * 2 * static_cast<std::size_t>(config.num_hidden_layers));
  auto* data = static_cast<std::byte*>(buffer_.data());
  for (std::int64_t layer = 0; layer < config.num_hidden_layers; ++layer) {
    layers_.push_back({.keys = Tensor(data, dtype, shape),
                       .values = Tensor(data + bytes, dtype, shape),
                       .page_size = block_size,
                       .head_dim = config.head_dim});
    data += 2 * bytes;
  }
}

}  // namespace wedlm
