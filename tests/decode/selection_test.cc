#include "wedlm/decode/selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace wedlm {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Candidates at 1, 2, 5: distances 0, 1, 4.
const std::vector<Candidate> kThree = {
    {.index = 1, .entropy = 0.5F}, {.index = 2, .entropy = 0.25F}, {.index = 5, .entropy = 0.0F}};

TEST(SelectionTest, TheThresholdIsStrictAndTheDistanceCounts) {
  EXPECT_THAT(select_candidates(kThree, {.entropy_threshold = 0.5F}), ElementsAre(1, 2));
  EXPECT_THAT(select_candidates(kThree, {.entropy_threshold = 0.5F, .position_penalty = 0.125F}), ElementsAre(1));
  EXPECT_THAT(select_candidates(kThree, {.entropy_threshold = 0.51F, .position_penalty = 0.125F}),
              ElementsAre(0, 1, 2));
  EXPECT_THAT(select_candidates({}, {}), IsEmpty());
}

TEST(SelectionTest, TheFallbackSelectsOne) {
  EXPECT_THAT(select_candidates(kThree, {}), ElementsAre(2));
  EXPECT_THAT(select_candidates(kThree, {.position_penalty = 0.125F}), ElementsAre(1));
  EXPECT_THAT(select_candidates(kThree, {.entropy_threshold = 0.1F, .position_penalty = 1}), ElementsAre(0));
  EXPECT_THAT(select_candidates(kThree, {.fallback = Fallback::kLeftmost}), ElementsAre(0));
  const std::vector<Candidate> tie = {{.index = 0, .entropy = 1}, {.index = 1, .entropy = 1}};
  EXPECT_THAT(select_candidates(tie, {}), ElementsAre(0));
}

TEST(SelectionTest, TheCapKeepsTheLeftmost) {
  EXPECT_THAT(select_candidates(kThree, {.entropy_threshold = 1.0F, .max_per_step = 2}), ElementsAre(0, 1));
}

TEST(SelectionTest, NothingBeyondTheUnreachableDistanceIsEverSelected) {
  std::mt19937 random(1);
  std::uniform_real_distribution<float> entropy(0, 0.3F), setting(0.01F, 1.0F);
  for (int repeat = 0; repeat < 2000; ++repeat) {
    const SelectionRule rule{
        .entropy_threshold = setting(random), .position_penalty = setting(random) / 4, .fallback = Fallback::kLeftmost};
    std::vector<Candidate> all, clamped;
    const int limit = unreachable_distance(rule).value();
    for (int index = 3; index < 20; ++index) {
      all.push_back({.index = index, .entropy = repeat % 2 == 0 ? 0 : entropy(random)});
      if (index - 3 < limit) clamped.push_back(all.back());
    }
    EXPECT_EQ(select_candidates(all, rule), select_candidates(clamped, rule));
    if (repeat % 2 == 0 && limit < 17) {
      EXPECT_EQ(select_candidates(all, rule).size(), static_cast<std::size_t>(limit));
    }
  }
  EXPECT_EQ(unreachable_distance({.entropy_threshold = 1.0F, .position_penalty = 0.1F}), std::nullopt);
  EXPECT_EQ(unreachable_distance({.fallback = Fallback::kLeftmost}), 1);
}

}  // namespace
}  // namespace wedlm
