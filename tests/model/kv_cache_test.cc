#include "wedlm/model/kv_cache.h"

#include <gtest/gtest.h>

#include "wedlm/backend/make_backend.h"

namespace wedlm {
namespace {

TEST(KvCacheTest, ABlockTakesWholeCacheLinesInEveryLayer) {
  const ModelConfig config = {.num_hidden_layers = 3, .num_key_value_heads = 2, .head_dim = 24};
  // Keys and values of three layers, two heads each.
  EXPECT_EQ(KvCache::bytes_per_block(config, 4, DType::kF32), 2 * 3 * 2 * 4 * 24 * 4);
  EXPECT_EQ(KvCache::bytes_per_block(config, 4, DType::kBF16), 2 * 3 * 2 * 4 * 24 * 2);
  EXPECT_EQ(KvCache::bytes_per_block(config, 4, DType::kI8), 2 * 3 * 2 * (128 + 64)) << "96 bytes, and 4 scales";
  const auto backend = make_backend({.name = "reference"});
  for (const DType type : {DType::kF32, DType::kBF16, DType::kI8}) {
    const KvCache cache(*backend, config, 5, 4, type);
    EXPECT_EQ(cache.bytes(), 5 * static_cast<std::size_t>(KvCache::bytes_per_block(config, 4, type)));
    for (std::int64_t layer = 0; layer < 3; ++layer) {
      for (const Tensor& tensor : {cache.layer(layer).keys, cache.layer(layer).values}) {
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(tensor.data()) % 64, 0U);
        EXPECT_EQ(tensor.rows(), 5);
      }
    }
  }
}

}  // namespace
}  // namespace wedlm
