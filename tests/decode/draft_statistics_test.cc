#include "wedlm/decode/draft_statistics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace wedlm {
namespace {

using testing::ElementsAre;

Draft mask(float entropy, int depth, float probability = 0.9F) {
  return {.depth = depth, .entropy = entropy, .probability = probability};
}

Draft lookup(int match_length, int depth = 1) {
  return {.source = Draft::Source::kLookup, .depth = depth, .match_length = match_length};
}

Draft judged(const DraftCalibration& calibration, Draft draft) {
  calibration.judge(draft);
  return draft;
}

TEST(DraftCountsTest, CountByDepth) {
  DraftCounts counts;
  counts.add(1, true);
  counts.add(3, false);
  counts.add(1, false);
  counts.add(3, true);
  EXPECT_THAT(counts.verified, ElementsAre(2, 0, 2));
  EXPECT_THAT(counts.accepted, ElementsAre(1, 0, 1));
}

TEST(DraftCountsTest, AddUpAtAnyDepth) {
  DraftCounts sum{.verified = {5}, .accepted = {2}, .num_computed = 7};
  sum.add({.verified = {1, 2, 3}, .accepted = {1, 1, 0}, .num_computed = 8});
  sum.add({.verified = {10, 10}, .accepted = {0, 9}, .num_computed = 20});
  sum.add({});
  EXPECT_THAT(sum.verified, ElementsAre(16, 12, 3));
  EXPECT_THAT(sum.accepted, ElementsAre(3, 10, 0));
  EXPECT_EQ(sum.num_computed, 35);
}

TEST(DraftCalibrationTest, BeginsWithWhatTheRowSays) {
  const DraftCalibration fresh;
  EXPECT_FLOAT_EQ(judged(fresh, mask(0.5F, 1, 0.625F)).keep_chance, 0.625F);
  EXPECT_FLOAT_EQ(judged(fresh, mask(0.5F, 1, 0.625F)).agree_chance, 0.625F);
  EXPECT_FLOAT_EQ(judged(fresh, lookup(4)).keep_chance, 0.5F);
  EXPECT_FLOAT_EQ(judged(fresh, lookup(12)).agree_chance, 0.75F);
}

TEST(DraftCalibrationTest, EndsWithWhatWasSeen) {
  DraftCalibration calibration;
  const Draft draft = mask(0.5F, 2, 0.75F);
  for (int i = 0; i < 96; ++i) calibration.observe(draft, i % 4 != 0, i % 2 == 0);
  // 72 and 48 of 96, and the four of the beginning that were right three times.
  EXPECT_FLOAT_EQ(judged(calibration, draft).keep_chance, 0.75F);
  EXPECT_FLOAT_EQ(judged(calibration, draft).agree_chance, 0.51F);
}

TEST(DraftCalibrationTest, ForgetsAnotherText) {
  DraftCalibration calibration;
  const Draft draft = mask(0.5F, 2);
  for (int i = 0; i < 5000; ++i) calibration.observe(draft, true, true);
  EXPECT_GT(judged(calibration, draft).keep_chance, 0.98F);
  EXPECT_GT(judged(calibration, draft).agree_chance, 0.98F);
  for (int i = 0; i < 1000; ++i) calibration.observe(draft, false, false);
  EXPECT_LT(judged(calibration, draft).keep_chance, 0.1F) << "of all that was seen it would be 0.83";
  EXPECT_LT(judged(calibration, draft).agree_chance, 0.1F);
}

/// Whether what is seen of one says something about the other.
bool learn_together(const Draft& one, const Draft& other) {
  DraftCalibration calibration;
  const float before = judged(calibration, other).keep_chance;
  for (int i = 0; i < 50; ++i) calibration.observe(one, false, false);
  return judged(calibration, other).keep_chance < before;
}

TEST(DraftCalibrationTest, CellsEndAtTheirUpperEnds) {
  EXPECT_TRUE(learn_together(mask(0, 1), mask(0.003F, 1)));
  EXPECT_FALSE(learn_together(mask(0.003F, 1), mask(0.0031F, 1)));
  EXPECT_TRUE(learn_together(mask(0.41F, 1), mask(0.7F, 1)));
  EXPECT_FALSE(learn_together(mask(0.4F, 1), mask(0.7F, 1)));
  EXPECT_TRUE(learn_together(mask(3.6F, 1), mask(100, 1)));
  EXPECT_FALSE(learn_together(mask(3.5F, 1), mask(100, 1)));
  EXPECT_FALSE(learn_together(mask(0.1F, 1), mask(0.1F, 2)));
  EXPECT_TRUE(learn_together(mask(0.1F, 4), mask(0.1F, 5)));
  EXPECT_FALSE(learn_together(mask(0.1F, 5), mask(0.1F, 6)));
  EXPECT_TRUE(learn_together(mask(0.1F, 21), mask(0.1F, kMaxDrafts)));
  EXPECT_FALSE(learn_together(lookup(3), lookup(4)));
  EXPECT_TRUE(learn_together(lookup(26), lookup(50)));
  EXPECT_FALSE(learn_together(lookup(50), lookup(51)));
  // Of the two sources no cell is shared, whatever the entropy.
  for (int length = 3; length < 64; ++length) {
    for (const float entropy : {0.0F, 0.05F, 0.5F, 10.0F})
      EXPECT_FALSE(learn_together(mask(entropy, 1), lookup(length)));
  }
}

TEST(AcceptanceProfileTest, FollowsWhatWindowsBring) {
  AcceptanceProfile profile(0.05F);
  for (int i = 0; i < 500; ++i) {
    profile.observe_proposed(5, 8);
    profile.observe_accepted(3, 4, 5, 8);
  }
  EXPECT_GT(profile.proposed(5), 0.99F);
  EXPECT_LT(profile.proposed(6), 0.01F);
  EXPECT_GT(profile.accepted(3), 0.99F);
  EXPECT_LT(profile.accepted(4), 0.01F);
  for (int i = 0; i < 2000; ++i) profile.forget();
  for (int depth = 1; depth < 20; ++depth) {
    EXPECT_NEAR(profile.accepted(depth), std::pow(0.8, depth), 0.01) << "what it began with";
  }
}

TEST(AcceptanceProfileTest, WhatWasNotLookedAtIsNoFailure) {
  AcceptanceProfile profile(0.1F);
  for (int i = 0; i < 500; ++i) profile.observe_accepted(2, 2, 5, 8);  // the forward had rows for two of five
  EXPECT_GT(profile.accepted(2), 0.99F);
  EXPECT_GT(profile.accepted(3), 0.9F) << "it is believed to be like the depth before";
  for (int i = 0; i < 500; ++i) profile.observe_accepted(2, 2, 2, 8);  // all that were proposed, and no more were
  EXPECT_GT(profile.accepted(2), 0.99F);
  EXPECT_LT(profile.accepted(3), 0.01F);
}

TEST(AcceptanceProfileTest, NeverIncreasesAndConvergesToTheFrequencies) {
  std::mt19937 random(8);
  AcceptanceProfile profile(0.005F);
  const auto run = [&](int most, double chance) {
    int length = 0;
    while (length < most && std::bernoulli_distribution(chance)(random)) ++length;
    return length;
  };
  for (int i = 0; i < 8000; ++i) {
    const int num_proposed = run(10, 0.9);
    const int num_accepted = run(num_proposed, 0.75);
    profile.observe_proposed(num_proposed, 10);
    profile.observe_accepted(num_accepted, std::min(num_accepted + 1, num_proposed), num_proposed, 10);
    for (int depth = 1; depth < kMaxDrafts; ++depth) {
      ASSERT_LE(profile.accepted(depth + 1), profile.accepted(depth));
      ASSERT_LE(profile.proposed(depth + 1), profile.proposed(depth));
    }
  }
  for (int depth = 1; depth <= 4; ++depth) {
    EXPECT_NEAR(profile.proposed(depth), std::pow(0.9, depth), 0.12);
    // Runs whose drafts were all looked at but the last say nothing of what was not proposed.
    EXPECT_NEAR(profile.accepted(depth), std::pow(0.9 * 0.75, depth), 0.12);
  }
}

}  // namespace
}  // namespace wedlm
