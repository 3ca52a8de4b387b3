#include "wedlm/decode/draft_rule.h"

#include <gtest/gtest.h>

#include <cmath>

namespace wedlm {
namespace {

Draft guess(float chance, float entropy = 0, int depth = 1) {
  return {.token = 1, .depth = depth, .entropy = entropy, .keep_chance = chance, .agree_chance = chance};
}

TEST(DraftRuleTest, ExactDraftsWhileTheWholeRunIsLikely) {
  const SamplingParams params{.mode = DecodeMode::kExact, .draft_threshold = 0.25F};
  DraftRule rule(params);
  EXPECT_TRUE(rule.try_extend(guess(0.75F)));
  EXPECT_TRUE(rule.try_extend(guess(0.5F)));   // 0.375
  EXPECT_FALSE(rule.try_extend(guess(0.5F)));  // 0.1875
  DraftRule edge(params);
  EXPECT_FALSE(edge.try_extend(guess(0.25F))) << "above, not at";
  // The entropy is nothing to it, and neither is what would be kept.
  DraftRule other(params);
  EXPECT_TRUE(other.try_extend({.entropy = 9, .keep_chance = 0, .agree_chance = 0.5F}));
  EXPECT_FALSE(other.try_extend({.entropy = 0, .keep_chance = 1, .agree_chance = 0.25F}));
}

TEST(DraftRuleTest, GatedFillsByEntropyAndDistanceBelowTheThreshold) {
  const SamplingParams params{.mode = DecodeMode::kGated,
                              .entropy_threshold = 0.5F,
                              .position_penalty = 0.125F,
                              .draft_threshold = 1,
                              .joint_entropy = 100};
  DraftRule rule(params);
  EXPECT_TRUE(rule.try_extend(guess(0, 0.25F, 1)));   // 0.375
  EXPECT_FALSE(rule.try_extend(guess(0, 0.25F, 2)));  // 0.5: below, not at
  EXPECT_TRUE(rule.try_extend(guess(0, 0.125F, 2)));
  EXPECT_FALSE(rule.try_extend({.source = Draft::Source::kLookup, .depth = 3, .keep_chance = 0.9F}))
      << "the entropy rule is for masks";
}

TEST(DraftRuleTest, GatedBoundsTheEntropyBesideTheLargest) {
  const SamplingParams params{.mode = DecodeMode::kGated,
                              .entropy_threshold = 10.0F,
                              .position_penalty = 0,
                              .draft_threshold = 1,
                              .joint_entropy = 0.5F};
  DraftRule rule(params);
  EXPECT_TRUE(rule.try_extend(guess(0, 2)));       // beside the largest: 0
  EXPECT_TRUE(rule.try_extend(guess(0, 0.25F)));   // 0.25
  EXPECT_FALSE(rule.try_extend(guess(0, 0.5F)));   // 0.75
  EXPECT_FALSE(rule.try_extend(guess(0, 3)));      // 2.25: the new one is the largest
  EXPECT_TRUE(rule.try_extend(guess(0, 0.25F)));   // 0.5: at the bound
  EXPECT_FALSE(rule.try_extend(guess(0, 0.01F)));  // 0.51
}

TEST(DraftRuleTest, GatedTakesWhatIsLikelyWhateverItsEntropy) {
  SamplingParams params{.mode = DecodeMode::kGated, .draft_threshold = 0.5F, .joint_entropy = 0};
  DraftRule rule(params);
  EXPECT_TRUE(rule.try_extend({.entropy = 5, .keep_chance = 0.75F, .agree_chance = 0}));
  EXPECT_FALSE(rule.try_extend({.entropy = 5, .keep_chance = 0.5F, .agree_chance = 1}));  // 0.375
  params.entropy_threshold.reset();
  DraftRule without(params);
  EXPECT_FALSE(without.try_extend(guess(0.5F, 0)));
  EXPECT_TRUE(without.try_extend(guess(0.75F, 9)));
}

TEST(DraftRuleTest, AnAgreementAloneDecidesAboutMasks) {
  const SamplingParams params{
      .mode = DecodeMode::kGated, .draft_threshold = 0.5F, .joint_entropy = 0, .agreement = 0.75F};
  DraftRule rule(params);
  EXPECT_FALSE(rule.try_extend({.entropy = 0, .keep_chance = 1, .agree_chance = 0.7F}));
  EXPECT_TRUE(rule.try_extend({.entropy = 9, .keep_chance = 0.25F, .agree_chance = 0.75F}));
  EXPECT_TRUE(rule.try_extend({.entropy = 9, .keep_chance = 0.25F, .agree_chance = 0.75F}))
      << "of each guess, not of the run";
  DraftRule lookup(params);
  EXPECT_FALSE(lookup.try_extend({.source = Draft::Source::kLookup, .keep_chance = 0.5F, .agree_chance = 1}));
  EXPECT_TRUE(lookup.try_extend({.source = Draft::Source::kLookup, .keep_chance = 0.75F, .agree_chance = 0}));
}

TEST(DraftRuleTest, TheCapCountsTheTokenThatTheRowBeforeChooses) {
  for (const DecodeMode mode : {DecodeMode::kExact, DecodeMode::kGated}) {
    for (const int cap : {1, 2, 3, 10}) {
      const SamplingParams params{.mode = mode, .max_per_step = cap};
      DraftRule rule(params);
      for (int i = 1; i < cap; ++i) EXPECT_TRUE(rule.try_extend(guess(1)));
      EXPECT_FALSE(rule.try_extend(guess(1)));
    }
    const SamplingParams params{.mode = mode};
    DraftRule rule(params);
    for (int i = 0; i < kMaxDrafts; ++i) EXPECT_TRUE(rule.try_extend(guess(1)));
    EXPECT_FALSE(rule.try_extend(guess(1)));
  }
}

Prediction answer(TokenId sampled, double probability_of_draft, double entropy) {
  return {.sampled = sampled,
          .drawn_log_prob = static_cast<float>(std::log(probability_of_draft)),
          .drawn_entropy = static_cast<float>(entropy)};
}

TEST(PassesGateTest, TheSmallerOfEpsilonAndDeltaDecides) {
  const SamplingParams params{.mode = DecodeMode::kGated, .gate_epsilon = 0.25F, .gate_delta = 0.5F};
  const Draft draft{.token = 3};
  EXPECT_TRUE(passes_gate(draft, answer(4, 0.2501, 0), params));  // min(0.25, 0.5)
  EXPECT_FALSE(passes_gate(draft, answer(4, 0.2499, 0), params));
  const double two_bits = std::log(4.0);  // min(0.25, 0.125)
  EXPECT_TRUE(passes_gate(draft, answer(4, 0.1251, two_bits), params));
  EXPECT_FALSE(passes_gate(draft, answer(4, 0.1249, two_bits), params));
  EXPECT_TRUE(passes_gate(draft, answer(3, 1e-9, 0), params)) << "the row's own choice, however unlikely a draw it was";
}

TEST(PassesGateTest, WhatTheFiltersDropDoesNotPass) {
  const SamplingParams params{.mode = DecodeMode::kGated, .gate_epsilon = 1e-6F, .gate_delta = 1e-6F};
  Prediction prediction = answer(4, 0, 0);  // no draw takes it ...
  prediction.scored_log_prob = -0.1F;       // ... though the model likes it
  EXPECT_FALSE(passes_gate({.token = 3}, prediction, params));
  prediction.drawn_log_prob = -1;
  EXPECT_TRUE(passes_gate({.token = 3}, prediction, params));
}

TEST(PassesGateTest, WhereEqualityIsDemandedProbabilityIsNothing) {
  const Draft mask{.token = 3}, lookup{.token = 3, .source = Draft::Source::kLookup};
  const SamplingParams gated{.mode = DecodeMode::kGated};
  const SamplingParams equality{.mode = DecodeMode::kGated, .gate = Gate::kEquality};
  const SamplingParams exact{.mode = DecodeMode::kExact};
  EXPECT_TRUE(passes_gate(mask, answer(4, 0.9, 0), gated));
  EXPECT_FALSE(passes_gate(lookup, answer(4, 0.9, 0), gated));
  EXPECT_TRUE(passes_gate(lookup, answer(3, 0.9, 0), gated));
  for (const SamplingParams& params : {equality, exact}) {
    EXPECT_FALSE(passes_gate(mask, answer(4, 0.9, 0), params));
    EXPECT_TRUE(passes_gate(mask, answer(3, 0.1, 0), params));
  }
}

}  // namespace
}  // namespace wedlm
