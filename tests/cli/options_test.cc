#include "cli/options.h"

#include <gtest/gtest.h>

#include "wedlm/base/error.h"

namespace wedlm::cli {
namespace {

TEST(SamplingFlagsTest, WithoutFlagsTheModelDecidesAndElseWe) {
  const SamplingParams ours = SamplingFlags{}.sampling_params({});
  EXPECT_FLOAT_EQ(ours.temperature, 0.2F);
  EXPECT_EQ(ours.max_tokens, 128);
  EXPECT_EQ(ours.window_size, std::nullopt);
  EXPECT_EQ(fixed_window(ours), 16);
  EXPECT_FLOAT_EQ(ours.entropy_threshold.value(), 0.4F);
  EXPECT_EQ(ours.mode, DecodeMode::kStreaming);
  EXPECT_FALSE(ours.seed.has_value());

  const SamplingParams models = SamplingFlags{}.sampling_params({.temperature = 0.7F, .top_p = 0.8F, .top_k = 20});
  EXPECT_FLOAT_EQ(models.temperature, 0.7F);
  EXPECT_FLOAT_EQ(models.top_p, 0.8F);
  EXPECT_EQ(models.top_k, 20);
}

TEST(SamplingFlagsTest, GivenFlagsWinOverTheModel) {
  const SamplingFlags flags{.temperature = 0.0, .top_p = 0.5, .top_k = 3};
  const SamplingParams params = flags.sampling_params({.temperature = 0.7F, .top_p = 0.8F, .top_k = 20});
  EXPECT_FLOAT_EQ(params.temperature, 0.0F);
  EXPECT_FLOAT_EQ(params.top_p, 0.5F);
  EXPECT_EQ(params.top_k, 3);
}

TEST(SamplingFlagsTest, GivenFlagsWinOverThePreset) {
  SamplingFlags flags{.preset = "balanced"};
  EXPECT_EQ(flags.sampling_params({}).window_size, 32);
  EXPECT_FLOAT_EQ(flags.sampling_params({}).entropy_threshold.value(), 0.8F);
  EXPECT_EQ(flags.sampling_params({}).max_per_step, 8);
  flags.window_size = "5";
  flags.entropy_threshold = "none";
  const SamplingParams params = flags.sampling_params({});
  EXPECT_EQ(params.window_size, 5);
  EXPECT_FALSE(params.entropy_threshold.has_value());
  EXPECT_FLOAT_EQ(params.position_penalty, 0.05F);
}

TEST(SamplingFlagsTest, ModesThatContradictAreRefused) {
  EXPECT_EQ((SamplingFlags{.autoregressive = true}.sampling_params({}).mode), DecodeMode::kAutoregressive);
  EXPECT_EQ((SamplingFlags{.mode = "autoregressive", .autoregressive = true}.sampling_params({}).mode),
            DecodeMode::kAutoregressive);
  EXPECT_THROW((SamplingFlags{.mode = "streaming", .autoregressive = true}.sampling_params({})), InvalidInput);
}

TEST(EngineFlagsTest, AreHandedOn) {
  const EngineOptions defaults;
  EXPECT_EQ(EngineFlags{}.engine_options().max_num_seqs, defaults.max_num_seqs);
  const EngineOptions options = EngineFlags{.max_num_seqs = 3,
                                            .max_num_batched_tokens = 77,
                                            .max_model_len = 99,
                                            .kv_block_size = 8,
                                            .cache_bytes = 1 << 20,
                                            .no_prefix_cache = true}
                                    .engine_options();
  EXPECT_EQ(options.max_num_seqs, 3);
  EXPECT_EQ(options.max_num_batched_tokens, 77);
  EXPECT_EQ(options.max_model_len, 99);
  EXPECT_EQ(options.block_size, 8);
  EXPECT_EQ(options.cache_bytes, 1U << 20);
  EXPECT_FALSE(options.enable_prefix_cache);
  EXPECT_THROW((EngineFlags{.kv_block_size = 0}.engine_options()), InvalidInput);
}

}  // namespace
}  // namespace wedlm::cli
