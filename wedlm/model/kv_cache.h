// The pages that hold the keys and values of committed tokens, layer by layer. It knows slots and no sequences: which
// page belongs to whom is the block manager's business.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "wedlm/backend/backend.h"
#include "wedlm/model/model_config.h"

namespace wedlm {

/// What --kv-cache-type calls the types: "f32", "bf16", "int8".
std::string_view kv_cache_type_name(DType dtype);
/// Throws InvalidInput for anything else, naming what there is.
DType parse_kv_cache_type(std::string_view name);
std::vector<std::string_view> kv_cache_type_names();

/// A block of the engine is a page in every layer.
class KvCache {
 public:
  /// Bytes that a block takes in all layers.
  static std::int64_t bytes_per_block(const ModelConfig& config, std::int64_t block_size, DType dtype);

  /// Pages of one of the types that KvPages may have. No sequence will be longer than `max_length`, which is
  /// max_position_embeddings unless given. Throws ResourceError where the memory cannot be had.
  KvCache(Backend& backend, const ModelConfig& config, std::int64_t num_blocks, std::int64_t block_size, DType dtype,
          std::optional<std::int64_t> max_length = {});

  /// That of every key in it, and so of the queries that read them: keys stay as they were turned.
  const Rotation& rotation() const { return rotation_; }
  const KvPages& layer(std::int64_t layer) const { return layers_[static_cast<std::size_t>(layer)]; }
  std::int64_t num_blocks() const { return num_blocks_; }
  std::int64_t block_size() const { return block_size_; }
  std::int64_t num_slots() const { return num_blocks_ * block_size_; }
  std::size_t bytes() const { return buffer_.bytes(); }

 private:
  std::int64_t num_blocks_;
  std::int64_t block_size_;
  Rotation rotation_;
  Buffer buffer_;
  std::vector<KvPages> layers_;
};

}  // namespace wedlm
