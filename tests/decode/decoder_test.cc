#include "wedlm/decode/decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "wedlm/base/error.h"

namespace wedlm {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsNan;

std::vector<Prediction> answers(std::initializer_list<std::pair<TokenId, float>> tokens_and_entropies) {
  std::vector<Prediction> predictions;
  for (const auto& [token, entropy] : tokens_and_entropies) {
    predictions.push_back({.best = token, .sampled = token, .entropy = entropy});
  }
  return predictions;
}

std::unique_ptr<Decoder> make(const SamplingParams& params) {
  static DraftStatistics statistics;  // of the modes that verify, which are tested on their own
  return make_decoder(params, statistics);
}

std::vector<int> offsets(const WindowRows& rows) {
  std::vector<int> result;
  for (const WindowRow& row : rows.rows) result.push_back(row.offset);
  return result;
}

TEST(StreamingDecoderTest, GuessesStandBeforeMasksAndTheRunIsCommitted) {
  const auto decoder = make({.window_size = 4, .entropy_threshold = 0.4F});
  WindowRows rows = decoder->rows({.tokens_left = 100});
  EXPECT_FALSE(rows.predict_after_known);
  EXPECT_THAT(offsets(rows), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(offsets(decoder->rows({.tokens_left = 100})), ElementsAre(0, 1, 2, 3));

  // Positions 0 and 2 are certain: 0 becomes known, 2 waits after the gap.
  EXPECT_THAT(decoder->advance(answers({{10, 0.1F}, {11, 1.0F}, {12, 0.1F}, {13, 1.0F}})).tokens, ElementsAre(10));
  EXPECT_THAT(decoder->entropies(), ElementsAre(1.0F, 0.1F, 1.0F)) << "of the positions that are left";
  rows = decoder->rows({.tokens_left = 99});
  EXPECT_THAT(offsets(rows), ElementsAre(1, 0, 2, 3));
  EXPECT_EQ(rows.rows[0].kind, WindowRow::Kind::kToken);
  EXPECT_EQ(rows.rows[0].token, 12);
  EXPECT_FALSE(rows.rows[0].wants_prediction);
  EXPECT_TRUE(rows.rows[1].wants_prediction);
  EXPECT_THAT(decoder->entropies(), ElementsAre(1.0F, 0.1F, 1.0F, IsNan())) << "nothing looked at the last one";

  // No position is certain, and the second is the least uncertain; then the gap closes and all three leave.
  EXPECT_THAT(decoder->advance(answers({{11, 2.0F}, {13, 1.0F}, {14, 3.0F}})).tokens, IsEmpty());
  EXPECT_THAT(decoder->entropies(), ElementsAre(2.0F, 0.1F, 1.0F, 3.0F)) << "of the forward that looked last";
  EXPECT_THAT(offsets(decoder->rows({.tokens_left = 99})), ElementsAre(1, 2, 0, 3));
  EXPECT_THAT(decoder->advance(answers({{11, 0.3F}, {14, 3.0F}})).tokens, ElementsAre(11, 12, 13));
  EXPECT_THAT(decoder->window().size(), 1);
}

TEST(StreamingDecoderTest, LeftmostFallbackDoesNotAskWhatCannotBeSelected) {
  const SamplingParams params{
      .window_size = 16, .entropy_threshold = 0.4F, .position_penalty = 0.1F, .fallback = Fallback::kLeftmost};
  const auto decoder = make(params);
  EXPECT_THAT(offsets(decoder->rows({.tokens_left = 100})), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(offsets(decoder->rows({.tokens_left = 2})), ElementsAre(0, 1));
  const auto one = make({.entropy_threshold = std::nullopt, .fallback = Fallback::kLeftmost});
  EXPECT_THAT(offsets(one->rows({.tokens_left = 100})), ElementsAre(0));
  EXPECT_THAT(one->advance(answers({{7, 9.0F}})).tokens, ElementsAre(7));
}

TEST(StreamingDecoderTest, BlockWiseAWindowIsFinishedBeforeTheNextBegins) {
  const auto decoder = make({.window_size = 3, .entropy_threshold = 0.4F, .refill = WindowRefill::kBlock});
  EXPECT_THAT(offsets(decoder->rows({.tokens_left = 100})), ElementsAre(0, 1, 2));
  EXPECT_THAT(decoder->advance(answers({{10, 0.1F}, {11, 1.0F}, {12, 0.1F}})).tokens, ElementsAre(10));
  EXPECT_THAT(offsets(decoder->rows({.tokens_left = 99})), ElementsAre(1, 0)) << "12 waits, and nothing is new";
  EXPECT_THAT(decoder->advance(answers({{11, 0.1F}})).tokens, ElementsAre(11, 12));
  EXPECT_THAT(offsets(decoder->rows({.tokens_left = 97})), ElementsAre(0, 1, 2));
}

TEST(StreamingDecoderTest, GatedWithoutAGateIsTheSame) {
  std::mt19937 random(2);
  std::uniform_real_distribution<float> entropy(0, 1);
  SamplingParams params{.window_size = 6};
  const auto streaming = make(params);
  params.mode = DecodeMode::kGated;
  params.gate = Gate::kOff;
  const auto gated = make(params);
  EXPECT_FALSE(gated->predicts_after_known());
  EXPECT_EQ(gated->draft_counts(), nullptr);
  for (int step = 0; step < 200; ++step) {
    const WindowRows rows = streaming->rows({.tokens_left = 100});
    EXPECT_EQ(offsets(gated->rows({.tokens_left = 100})), offsets(rows));
    std::vector<Prediction> predictions;
    for (const WindowRow& row : rows.rows) {
      if (row.wants_prediction) predictions.push_back({.sampled = step, .entropy = entropy(random)});
    }
    EXPECT_EQ(gated->advance(predictions).tokens, streaming->advance(predictions).tokens);
  }
}

TEST(DecoderTest, RowsThatAStepMayNeed) {
  const SamplingParams streaming{.window_size = 6}, automatic{.mode = DecodeMode::kExact};
  const SamplingParams exact{.mode = DecodeMode::kExact, .window_size = 6};
  const SamplingParams off{.mode = DecodeMode::kGated, .window_size = 6, .gate = Gate::kOff};
  const SamplingParams plain{.mode = DecodeMode::kAutoregressive, .window_size = 6};
  const auto needs = [](const SamplingParams& params) {
    return std::vector<int>{min_window_rows(params), max_window_rows(params), max_pending_per_step(params)};
  };
  EXPECT_THAT(needs(streaming), ElementsAre(6, 6, 6));
  EXPECT_THAT(needs(off), ElementsAre(6, 6, 6));
  EXPECT_THAT(needs(exact), ElementsAre(12, 12, 1)) << "drafts and masks";
  EXPECT_THAT(needs(automatic), ElementsAre(0, 64, 1));
  EXPECT_THAT(needs(plain), ElementsAre(0, 0, 1));
}

TEST(StreamingDecoderTest, TheWrongNumberOfAnswersIsOurBug) {
  const auto decoder = make({.window_size = 2});
  decoder->rows({.tokens_left = 10});
  EXPECT_THROW(decoder->advance(answers({{1, 0.0F}})), InternalError);
}

TEST(AutoregressiveDecoderTest, AsksTheLastKnownToken) {
  const auto decoder = make({.mode = DecodeMode::kAutoregressive});
  const WindowRows rows = decoder->rows({.tokens_left = 5});
  EXPECT_TRUE(rows.predict_after_known);
  EXPECT_THAT(rows.rows, IsEmpty());
  EXPECT_THAT(decoder->advance(answers({{3, 0.5F}})).tokens, ElementsAre(3));
  EXPECT_THROW(decoder->advance({}), InternalError);
}

}  // namespace
}  // namespace wedlm
