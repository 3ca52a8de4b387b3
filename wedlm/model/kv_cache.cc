#include "wedlm/model/kv_cache.h"

namespace wedlm {

KvCache::KvCache(Backend& backend, const ModelConfig& config, std::int64_t num_blocks, std::int64_t block_size)
    : num_blocks_(num_blocks), block_size_(block_size) {
  const Shape shape{num_blocks * block_size, config.num_key_value_heads, config.head_dim};
  const std::size_t bytes = static_cast<std::size_t>(shape.num_elements()) * dtype_bytes(DType::kF32);
  buffer_ = backend.allocate(bytes * 2 * static_cast<std::size_t>(config.num_hidden_layers));
  auto* data = static_cast<std::byte*>(buffer_.data());
  for (std::int64_t layer = 0; layer < config.num_hidden_layers; ++layer) {
    layers_.push_back({.keys = Tensor(data, DType::kF32, shape), .values = Tensor(data + bytes, DType::kF32, shape)});
    data += 2 * bytes;
  }
}

}  // namespace wedlm
