// What the verifying decoder learns from the drafts that it verifies, what rows it then finds worth computing, and
// which drafts stay where the forward had no row for them. Its text is tested in verifying_decoder_test.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "wedlm/decode/verifying_decoder.h"

namespace wedlm {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Tokens = std::vector<TokenId>;

const Tokens kKnown = {1, 2};

SamplingParams exact(float draft_threshold) {
  return {.mode = DecodeMode::kExact, .draft_threshold = draft_threshold, .prompt_lookup = false};
}

/// The chosen tokens of rows, each as likely as given.
std::vector<Prediction> answers(const Tokens& tokens, double probability = 1) {
  std::vector<Prediction> predictions;
  for (const TokenId token : tokens) {
    predictions.push_back(
        {.sampled = token, .entropy = 0.01F, .sampled_certainty = static_cast<float>(std::log(probability))});
  }
  return predictions;
}

Tokens drafts_of(const VerifyingDecoder& decoder) {
  Tokens tokens;
  for (const Window::Position& position : decoder.window()) {
    if (position.filled) tokens.push_back(position.token);
  }
  return tokens;
}

Draft judged(const DraftStatistics& statistics, int depth) {
  Draft draft{.depth = depth, .entropy = 0.01F, .probability = 1};
  statistics.calibration.judge(draft);
  return draft;
}

// A mask at depth d proposes with 0.8^d, and what it proposes is accepted with 0.8^d, until more is known. It costs a
// row now and the draft a row later: 0.8^d / (1 + 0.8^d) tokens a row. The first mask proposes nothing and shares what
// the second brings: 0.222 0.222 0.390 0.339 0.291 0.247 ... Where one brings more than the one before it they count as
// their average, here the first four.
TEST(DraftLearningTest, MasksAreWorthWhatTheyAreExpectedToBring) {
  DraftStatistics statistics;
  VerifyingDecoder decoder(exact(0), statistics);
  const auto values = decoder.row_values({.known = kKnown, .tokens_left = 100});
  ASSERT_EQ(values.size(), static_cast<std::size_t>(kMaxAutoWindow));
  const double average = (0.8 / 1.8 + 0.64 / 1.64 + 0.512 / 1.512) / 4;
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(values[i], average, 1e-6);
  EXPECT_NEAR(values[4], 0.4096 / 1.4096, 1e-6);
  EXPECT_NEAR(values[5], 0.32768 / 1.32768, 1e-6);
  EXPECT_NEAR(values[6], 0.262144 / 1.262144, 1e-6) << "0.8^6";
  EXPECT_NEAR(values[7], 0.2097152 / 1.2097152, 1e-6);
  EXPECT_EQ(decoder.row_values({.known = kKnown, .tokens_left = 4}).size(), 3U)
      << "this forward's token, and of the next one two drafts and the token after them";
}

TEST(DraftLearningTest, DraftsAreWorthTheirChances) {
  DraftStatistics statistics;
  VerifyingDecoder decoder(exact(0), statistics);
  ASSERT_EQ(decoder.rows({.known = kKnown, .tokens_left = 100, .max_rows = 4}).rows.size(), 4U);
  decoder.advance(answers({10, 11, 12, 13}, 0.5));
  EXPECT_THAT(drafts_of(decoder), ElementsAre(11, 12, 13));
  const auto values = decoder.row_values({.known = kKnown, .tokens_left = 100});
  EXPECT_NEAR(values[0], 0.5, 1e-6);
  EXPECT_NEAR(values[1], 0.25, 1e-6);
  EXPECT_NEAR(values[2], 0.125, 1e-6);
  const double average = (0.8 / 1.8 + 0.64 / 1.64 + 0.512 / 1.512) / 4;
  EXPECT_NEAR(values[3], 0.125 * average, 1e-6) << "a mask is of use where all drafts are right";
}

TEST(DraftLearningTest, ALoneMaskProposesNothingAndIsNotAsked) {
  DraftStatistics statistics;
  VerifyingDecoder automatic(exact(0), statistics);
  EXPECT_THAT(automatic.rows({.known = kKnown, .tokens_left = 100, .max_rows = 1}).rows, IsEmpty());
  EXPECT_EQ(automatic.rows({.known = kKnown, .tokens_left = 100, .max_rows = 2}).rows.size(), 2U);
  SamplingParams params = exact(0);
  params.window_size = 1;
  EXPECT_THAT(VerifyingDecoder(params, statistics).rows({.known = kKnown, .tokens_left = 100}).rows, IsEmpty());
}

TEST(DraftLearningTest, DraftsWithoutARowStayWhereTheTokenBeforeThemIsChosen) {
  for (const TokenId chosen : {13, 99}) {
    DraftStatistics statistics;
    VerifyingDecoder decoder(exact(0), statistics);
    decoder.rows({.known = kKnown, .tokens_left = 100, .max_rows = 6});
    decoder.advance(answers({10, 11, 12, 13, 14, 15}));
    ASSERT_THAT(drafts_of(decoder), ElementsAre(11, 12, 13, 14, 15));
    EXPECT_EQ(decoder.rows({.known = kKnown, .tokens_left = 100, .max_rows = 2}).num_drafts, 2);
    EXPECT_THAT(decoder.advance(answers({11, 12, chosen})).tokens, ElementsAre(11, 12, chosen));
    if (chosen == 13) {
      EXPECT_THAT(drafts_of(decoder), ElementsAre(14, 15));
      decoder.rows({.known = kKnown, .tokens_left = 100, .max_rows = 2});
      decoder.advance(answers({14, 15, 16}));
      EXPECT_THAT(decoder.draft_counts()->accepted, ElementsAre(2, 2)) << "14 and 15 follow known tokens at once";
    } else {
      EXPECT_THAT(drafts_of(decoder), IsEmpty()) << "they were drafted after another token";
    }
  }
}

TEST(DraftLearningTest, VerifiedDraftsAreRemembered) {
  DraftStatistics statistics;
  const SamplingParams params{
      .mode = DecodeMode::kGated, .window_size = 4, .prompt_lookup = false, .gate_epsilon = 0.25F, .gate_delta = 1};
  VerifyingDecoder decoder(params, statistics);
  const RowRequest request{.known = kKnown, .tokens_left = 100};
  decoder.rows(request);
  decoder.advance(answers({10, 11, 12, 13}));
  decoder.rows(request);
  std::vector<Prediction> predictions = answers({50, 60, 70, 80, 90, 91, 92});
  predictions[0].drawn_log_prob = std::log(0.3F);  // the first passes, but is not the row's own choice
  predictions[1].drawn_log_prob = std::log(0.2F);  // the second does not, and of the third nothing is known
  decoder.advance(predictions);
  EXPECT_FLOAT_EQ(judged(statistics, 1).keep_chance, 1);
  EXPECT_FLOAT_EQ(judged(statistics, 1).agree_chance, 0.8F) << "once no, and four that its row had said";
  EXPECT_FLOAT_EQ(judged(statistics, 2).keep_chance, 0.8F);
  EXPECT_FLOAT_EQ(judged(statistics, 2).agree_chance, 0.8F);
  EXPECT_FLOAT_EQ(judged(statistics, 3).keep_chance, 1);
}

TEST(DraftLearningTest, MasksThatProposeNothingAreAFailureAndThoseThatSawAWrongDraftAreNone) {
  DraftStatistics statistics;
  const float before = statistics.profile.proposed(1);
  VerifyingDecoder silent(exact(1), statistics);  // nothing is likely enough to be proposed
  for (int i = 0; i < 2; ++i) {
    silent.rows({.known = kKnown, .tokens_left = 100, .max_rows = 4});
    silent.advance(answers({10, 11, 12, 13}));
  }
  const float after = statistics.profile.proposed(1);
  EXPECT_LT(after, before) << "of the first forward's masks the second knows that they proposed nothing";

  VerifyingDecoder wrong(exact(0), statistics);
  const auto step = [&](int max_rows, const Tokens& tokens) {
    wrong.rows({.known = kKnown, .tokens_left = 100, .max_rows = max_rows});
    wrong.advance(answers(tokens));
  };
  step(4, {10, 11, 12, 13});
  step(7, {99, 12, 13, 14, 15, 16, 17});  // 11 was wrong, and the four masks after the three drafts saw it
  const float proposed = statistics.profile.proposed(1), accepted = statistics.profile.accepted(1);
  step(4, {10, 11, 12, 13});  // it begins anew ...
  EXPECT_EQ(statistics.profile.proposed(1), proposed) << "... after a forward whose masks say nothing";
  EXPECT_EQ(statistics.profile.accepted(1), accepted);
}

TEST(DraftLearningTest, WhatOneSequenceLearnsTheNextOneBeginsWithAndWithoutMasksItFades) {
  DraftStatistics fresh, taught;
  VerifyingDecoder teacher(exact(0), taught);
  for (int i = 0; i < 200; ++i) {
    const WindowRows rows = teacher.rows({.known = kKnown, .tokens_left = 100, .max_rows = 4});
    std::vector<TokenId> tokens(1);
    for (const WindowRow& row : rows.rows) {
      if (row.wants_prediction) tokens.push_back(100 + i);
    }
    tokens[0] = i;  // no draft is ever right
    teacher.advance(answers(tokens));
  }
  const auto first_value = [](VerifyingDecoder& decoder) {
    return decoder.row_values({.known = kKnown, .tokens_left = 100})[0];
  };
  VerifyingDecoder of_fresh(exact(0), fresh), of_taught(exact(0), taught);
  const float value = first_value(of_taught);
  EXPECT_LT(value, first_value(of_fresh) / 2);
  for (int i = 0; i < 100; ++i) {
    of_taught.rows({.known = kKnown, .tokens_left = 100, .max_rows = 0});
    of_taught.advance(answers({5}));
  }
  EXPECT_GT(first_value(of_taught), 2 * value) << "masks are tried again";
}

}  // namespace
}  // namespace wedlm
