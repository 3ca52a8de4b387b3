// Which row is asked for which position: at a temperature at which logits are nothing beside the noise, a text is the
// tokens of the largest noise, whatever mode wrote it.
#include "wedlm/engine/model_runner.h"

#include <gtest/gtest.h>

#include "tests/engine/engine_fixtures.h"
#include "wedlm/base/random.h"
#include "wedlm/engine/engine.h"

namespace wedlm {
namespace {

constexpr std::uint64_t kSeed = 11;

/// The token of the largest noise at a position; at those of this test no other comes near it.
TokenId loudest(std::int64_t position) {
  TokenId best = kNoToken;
  float largest = 0;
  for (TokenId token = 0; token < tiny().config().vocab_size; ++token) {
    if (token == tiny().config().mask_token_id) continue;
    const float noise = gumbel(kSeed, static_cast<std::uint64_t>(position), static_cast<std::uint32_t>(token));
    if (best != kNoToken && noise <= largest) continue;
    best = token;
    largest = noise;
  }
  return best;
}

TEST(ModelRunnerTest, TheNoiseIsThatOfThePositionInEveryMode) {
  Engine engine(tiny(), {});
  constexpr std::int64_t kPrompt = 9;
  for (const DecodeMode mode :
       {DecodeMode::kStreaming, DecodeMode::kAutoregressive, DecodeMode::kExact, DecodeMode::kGated}) {
    SamplingParams params = greedy(30);
    params.mode = mode;
    params.temperature = 100;
    params.seed = kSeed;
    params.window_size = 8;
    params.draft_threshold = 0;
    const Result result = engine.submit({.prompt = prompt(kPrompt), .params = params})->wait();
    ASSERT_EQ(result.token_ids.size(), 30U) << result.error;
    for (std::size_t i = 0; i < result.token_ids.size(); ++i) {
      EXPECT_EQ(result.token_ids[i], loudest(kPrompt + static_cast<std::int64_t>(i))) << mode_name(mode) << " " << i;
    }
    // What a mask proposes is the token that the row before its position draws.
    EXPECT_EQ(result.stats.drafts.num_accepted(), result.stats.drafts.num_verified()) << mode_name(mode);
    EXPECT_EQ(result.stats.drafts.num_verified() > 0, mode == DecodeMode::kExact || mode == DecodeMode::kGated);
  }
}

}  // namespace
}  // namespace wedlm
