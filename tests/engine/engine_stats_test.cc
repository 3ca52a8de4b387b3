#include "wedlm/engine/engine_stats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "tests/engine/engine_fixtures.h"

namespace wedlm {
namespace {

using testing::ElementsAre;

std::int64_t total(std::span<const std::int64_t> counts) {
  return std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
}

TEST(CountHistogramTest, ACountBelongsToTheFirstRangeThatReachesIt) {
  static constexpr std::array<std::int64_t, 3> kEnds = {0, 2, 10};
  CountHistogram histogram(kEnds);
  for (const std::int64_t count : {0, 1, 2, 2, 3, 10, 11, 1000}) histogram.add(count);
  EXPECT_THAT(histogram.frequencies(), ElementsAre(1, 3, 2, 2));
  EXPECT_EQ(histogram.sum(), 1029);
}

SamplingParams in_mode(DecodeMode mode, int max_tokens) {
  SamplingParams params = greedy(max_tokens);
  params.mode = mode;
  return params;
}

TEST(EngineStatsTest, TotalsAreTheSumsOfTheRequests) {
  Engine engine(nano(), {.enable_prefix_cache = false});
  std::vector<std::shared_ptr<ResponseStream>> streams;
  for (const DecodeMode mode : {DecodeMode::kAutoregressive, DecodeMode::kStreaming, DecodeMode::kExact}) {
    for (const char* text : {"Count from 1 to 20.", "Solve: 3x + 3 = 15"}) {
      streams.push_back(engine.submit({.prompt = question(text), .params = in_mode(mode, 40)}));
    }
  }
  RequestStats sum;
  for (const auto& stream : streams) {
    const RequestStats& one = stream->wait().stats;
    sum.prompt_tokens += one.prompt_tokens;
    sum.generated_tokens += one.generated_tokens;
    sum.decode_forwards += one.decode_forwards;
    sum.prompt_rows += one.prompt_rows;
    sum.decode_rows += one.decode_rows;
    sum.drafts.add(one.drafts);
  }
  const EngineStats stats = engine.stats();
  EXPECT_EQ(stats.finished_requests, 6);
  EXPECT_EQ(stats.prompt_tokens, sum.prompt_tokens);
  EXPECT_EQ(stats.generated_tokens, sum.generated_tokens);
  EXPECT_EQ(stats.decode_forwards, sum.decode_forwards);
  EXPECT_EQ(stats.rows, sum.rows());
  EXPECT_EQ(stats.drafts.verified, sum.drafts.verified);
  EXPECT_EQ(stats.drafts.accepted, sum.drafts.accepted);
  EXPECT_EQ(stats.drafts.num_computed, sum.drafts.num_computed);
  EXPECT_GE(stats.drafts.num_computed, stats.drafts.num_verified());
  EXPECT_GT(stats.drafts.num_accepted(), 0);

  EXPECT_EQ(total(stats.rows_of_step.frequencies()), stats.steps);
  EXPECT_EQ(stats.rows_of_step.sum(), stats.rows);
  EXPECT_EQ(total(stats.tokens_of_step.frequencies()), stats.steps);
  EXPECT_EQ(stats.tokens_of_step.sum(), sum.prompt_rows + sum.generated_tokens);
  EXPECT_EQ(total(stats.tokens_of_forward.frequencies()), stats.decode_forwards);
  EXPECT_EQ(stats.tokens_of_forward.sum(), stats.generated_tokens);
}

TEST(EngineStatsTest, FilledRowsOfAWindowAreItsGuesses) {
  Engine engine(nano(), {});
  const auto ids = question("Count from 1 to 20.");
  engine.submit({.prompt = ids, .params = in_mode(DecodeMode::kAutoregressive, 20)})->wait();
  EXPECT_EQ(engine.stats().window_rows, 0);
  SamplingParams params = in_mode(DecodeMode::kExact, 40);
  params.window_size = 8;  // the automatic one is by what rows cost, and next to nothing on a machine that is busy
  const Result result = engine.submit({.prompt = ids, .params = params})->wait();
  const EngineStats stats = engine.stats();
  EXPECT_GT(stats.filled_rows, 0);
  EXPECT_EQ(stats.filled_rows, result.stats.drafts.num_computed);
  EXPECT_GT(stats.window_rows, stats.filled_rows) << "the others are masks";
}

TEST(EngineStatsTest, APromptThatWasFoundCountsAsOneThatWasComputed) {
  Engine engine(tiny(), {});
  for (int i = 1; i <= 2; ++i) {
    engine.submit({.prompt = prompt(64), .params = greedy(3)})->wait();
    EXPECT_EQ(engine.stats().prompt_tokens, 64 * i);
  }
}

}  // namespace
}  // namespace wedlm
