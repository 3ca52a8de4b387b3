#include "cli/options/engine_flags.h"

#include <gtest/gtest.h>

#include "wedlm/base/error.h"

namespace wedlm::cli {
namespace {

TEST(EngineFlagsTest, AreHandedOn) {
  const EngineOptions defaults;
  EXPECT_EQ(EngineFlags{}.engine_options().max_num_seqs, defaults.max_num_seqs);
  const EngineOptions options = EngineFlags{.max_num_seqs = 3,
                                            .max_num_batched_tokens = 77,
                                            .max_model_len = 99,
                                            .kv_block_size = 8,
                                            .cache_bytes = 1 << 20,
                                            .kv_cache_type = "f32",
                                            .no_prefix_cache = true}
                                    .engine_options();
  EXPECT_EQ(options.max_num_seqs, 3);
  EXPECT_EQ(options.max_num_batched_tokens, 77);
  EXPECT_EQ(options.max_model_len, 99);
  EXPECT_EQ(options.block_size, 8);
  EXPECT_EQ(options.cache_bytes, 1U << 20);
  EXPECT_FALSE(options.enable_prefix_cache);
  EXPECT_EQ(options.kv_cache_type, DType::kF32);
  EXPECT_EQ(EngineFlags{}.engine_options().kv_cache_type, DType::kBF16);
  EXPECT_EQ(EngineFlags{.kv_cache_type = "bf16"}.engine_options().kv_cache_type, DType::kBF16);
  EXPECT_EQ(EngineFlags{.kv_cache_type = "int8"}.engine_options().kv_cache_type, DType::kI8);
  EXPECT_THROW((EngineFlags{.kv_block_size = 0}.engine_options()), InvalidInput);
}

}  // namespace
}  // namespace wedlm::cli
