#include "wedlm/engine/row_costs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>

#include "wedlm/base/error.h"

namespace wedlm {
namespace {

using testing::ElementsAre;

TEST(RowCostsTest, LinearBetweenThePointsAndBeyond) {
  const RowCosts costs({{.rows = 2, .seconds = 4}, {.rows = 4, .seconds = 5}, {.rows = 8, .seconds = 13}});
  EXPECT_DOUBLE_EQ(costs.seconds(2), 4);
  EXPECT_DOUBLE_EQ(costs.seconds(3), 4.5);
  EXPECT_DOUBLE_EQ(costs.seconds(4), 5);
  EXPECT_DOUBLE_EQ(costs.seconds(6), 9);
  EXPECT_DOUBLE_EQ(costs.seconds(8), 13);
  EXPECT_DOUBLE_EQ(costs.seconds(1), 3.5);
  EXPECT_DOUBLE_EQ(costs.seconds(10), 17);
  EXPECT_DOUBLE_EQ(RowCosts({{.rows = 4, .seconds = 2}, {.rows = 5, .seconds = 3}}).seconds(1), 0) << "never negative";
  EXPECT_DOUBLE_EQ(RowCosts({{.rows = 4, .seconds = 2}}).seconds(100), 2);
  EXPECT_THROW(RowCosts({}), InternalError);
}

TEST(RowCostsTest, MoreRowsNeverCostLess) {
  const RowCosts costs(
      {{.rows = 1, .seconds = 9}, {.rows = 2, .seconds = 3}, {.rows = 4, .seconds = 8}, {.rows = 8, .seconds = 5}});
  EXPECT_DOUBLE_EQ(costs.seconds(1), 3);
  EXPECT_DOUBLE_EQ(costs.seconds(2), 3);
  EXPECT_DOUBLE_EQ(costs.seconds(4), 5);
  EXPECT_DOUBLE_EQ(costs.seconds(8), 5);
}

/// 1 row a second, and 4 rows 2 seconds.
RowCosts two_sizes() {
  return RowCosts({{.rows = 1, .seconds = 1}, {.rows = 4, .seconds = 2}});
}

TEST(LearnedCostsTest, TheFirstForwardSaysHowFastTheMachineIs) {
  RowCosts costs = two_sizes();
  EXPECT_NEAR(costs.observe(4, 0.5), std::log(0.25), 1e-12);
  EXPECT_NEAR(costs.seconds(4), 0.5, 1e-12);
  EXPECT_NEAR(costs.seconds(1), 0.25, 1e-12);
  EXPECT_NEAR(costs.observe(1, 0.25), 0, 1e-12);
}

TEST(LearnedCostsTest, WhatAllForwardsLatelyHaveInCommonChangesNoRatio) {
  RowCosts costs = two_sizes();
  for (int i = 0; i < 50; ++i) costs.observe(4, 2);
  for (int i = 0; i < 50; ++i) costs.observe(4, 6);
  EXPECT_NEAR(costs.seconds(4), 6, 0.06);
  EXPECT_NEAR(costs.seconds(4) / costs.seconds(1), 2, 0.05);
}

TEST(LearnedCostsTest, ARareSizeIsComparedWithTheOthers) {
  RowCosts costs = two_sizes();
  for (int i = 0; i < 50; ++i) costs.observe(4, 2);
  for (int i = 0; i < 4; ++i) {
    costs.observe(1, 1.8);
    for (int j = 0; j < 8; ++j) costs.observe(4, 2);
  }
  EXPECT_NEAR(costs.seconds(1), 1.8, 0.1);
  EXPECT_NEAR(costs.seconds(4), 2, 0.05);
  costs.observe(1, 0.9);
  EXPECT_LT(costs.seconds(1), 1.4) << "what was faster is believed at once";
}

TEST(LearnedCostsTest, OneThatTookMuchLongerSaysLittle) {
  RowCosts costs = two_sizes();
  for (int i = 0; i < 20; ++i) costs.observe(i % 2 == 0 ? 1 : 4, i % 2 == 0 ? 1 : 2);
  EXPECT_GT(costs.observe(4, 200), 4);
  EXPECT_LT(costs.seconds(4), 2 * 1.3);
  EXPECT_LT(costs.seconds(1), 1.3);
}

TEST(LearnedCostsTest, BetweenTheSizesAndBeyondThem) {
  RowCosts costs = two_sizes();
  EXPECT_NEAR(costs.observe(2, 4.0 / 3), 0, 1e-12);
  EXPECT_NEAR(costs.observe(7, 3), 0, 1e-12);
  EXPECT_NEAR(costs.seconds(1), 1, 1e-12);
  RowCosts one({{.rows = 3, .seconds = 2}});
  one.observe(1, 5);
  EXPECT_NEAR(one.seconds(100), 5, 1e-12);
}

TEST(LearnedCostsTest, AClockThatStandsStillTeachesNothing) {
  RowCosts costs = two_sizes();
  EXPECT_EQ(costs.observe(1, 0), 0);
  EXPECT_EQ(costs.observe(1, -1), 0);
  EXPECT_EQ(costs.observe(1, std::nan("")), 0);
  EXPECT_DOUBLE_EQ(costs.seconds(1), 1);
}

TEST(GuessRowCostsTest, IsBandwidthForFewRowsAndProductsForMany) {
  // A second to read, and a row takes a tenth of the time at the peak.
  const RowCosts costs = guess_row_costs({.bytes = 5e10, .multiply_adds_per_row = 5e10},
                                         {.read_gb_per_s = 50, .multiply_tflops = 1}, 2048);
  EXPECT_NEAR(costs.seconds(1), 1, 0.05);
  EXPECT_GT(costs.seconds(1024), 102);
  EXPECT_LT(costs.seconds(1024), 220);
  EXPECT_TRUE(std::ranges::is_sorted(costs.points(), {}, &RowCosts::Point::rows));
  EXPECT_EQ(costs.points().front().rows, 1);
  EXPECT_EQ(costs.points().back().rows, 2048);
}

TEST(GuessRowCostsTest, HasAShapeWithoutAnyRate) {
  for (const std::int64_t max_rows : {1, 2, 5, 127, 2048, 1'000'000'000}) {
    const RowCosts costs = guess_row_costs({.bytes = 5e10, .multiply_adds_per_row = 5e10}, {}, max_rows);
    EXPECT_LE(costs.points().back().rows, max_rows);
    EXPECT_LE(std::ssize(costs.points()), 50);
    EXPECT_LT(costs.seconds(8), 1.2 * costs.seconds(1));
  }
}

TEST(ChooseRowsTest, SoManyAreTheBestOfAll) {
  const std::vector<float> a = {0.9F, 0.2F}, b = {0.5F, 0.4F, 0.3F};
  const std::vector<std::span<const float>> both = {a, b};
  const StepBase base{.num_rows = 2, .num_tokens = 2, .max_rows = 6};
  EXPECT_THAT(choose_best_rows(0, base, both), ElementsAre(0, 0));
  EXPECT_THAT(choose_best_rows(-3, base, both), ElementsAre(0, 0));
  EXPECT_THAT(choose_best_rows(2, base, both), ElementsAre(1, 1));
  EXPECT_THAT(choose_best_rows(4, base, both), ElementsAre(1, 3));
  EXPECT_THAT(choose_best_rows(100, base, both), ElementsAre(1, 3)) << "no more than there is room for";
}

TEST(ChooseRowsTest, ByHand) {
  // A row costs a quarter of what the first costs. The step yields one token in a second: 1.5 / 1.25 is better, and
  // (1.5 + 0.25) / 1.5 is not.
  const RowCosts costs({{.rows = 1, .seconds = 1}, {.rows = 101, .seconds = 26}});
  const std::vector<float> values = {0.5F, 0.25F, 0.25F}, poor = {0.2F};
  const std::vector<std::span<const float>> both = {poor, values};
  EXPECT_THAT(choose_rows(costs, {.num_rows = 1, .num_tokens = 1, .max_rows = 100}, both), ElementsAre(0, 1));
  EXPECT_THAT(choose_rows(costs, {.num_rows = 1, .num_tokens = 1, .max_rows = 1}, both), ElementsAre(0, 0));
  const std::vector<float> even = {0.25F, 0.25F};
  const std::vector<std::span<const float>> one = {even};
  EXPECT_THAT(choose_rows(costs, {.num_rows = 1, .num_tokens = 1, .max_rows = 100}, one), ElementsAre(0))
      << "a row that brings just what it costs makes nothing faster";
  const RowCosts flat({{.rows = 1, .seconds = 1}});
  EXPECT_THAT(choose_rows(flat, {.num_rows = 1, .num_tokens = 1, .max_rows = 100}, both), ElementsAre(1, 3));
  EXPECT_THAT(choose_rows(flat, {.num_rows = 1, .num_tokens = 1, .max_rows = 3}, both), ElementsAre(0, 2));
}

/// The best rate over every way to give each sequence a leading part of its rows.
double best_rate(const RowCosts& costs, const StepBase& base, std::span<const std::span<const float>> values,
                 std::int64_t num_rows, double num_tokens) {
  double best = num_rows <= base.max_rows ? num_tokens / costs.seconds(num_rows) : 0;
  if (values.empty()) return best;
  for (std::size_t count = 0;; ++count) {
    best = std::max(best,
                    best_rate(costs, base, values.subspan(1), num_rows + static_cast<std::int64_t>(count), num_tokens));
    if (count == values[0].size()) return best;
    num_tokens += static_cast<double>(values[0][count]);
  }
}

TEST(ChooseRowsTest, NoOtherAllocationIsFaster) {
  std::mt19937 random(3);
  std::uniform_real_distribution<double> real(0, 1);
  int num_with_rows = 0;
  for (int repeat = 0; repeat < 3000; ++repeat) {
    std::vector<RowCosts::Point> points;  // steps and slopes of any kind
    double seconds = 0.2;
    for (std::int64_t rows = 1; rows < 24; rows += 1 + static_cast<std::int64_t>(random() % 5)) {
      points.push_back({.rows = rows, .seconds = seconds += random() % 3 == 0 ? real(random) : 0.05 * real(random)});
    }
    const RowCosts costs(std::move(points));
    const std::size_t num_sequences = 1 + random() % 4;
    std::vector<std::vector<float>> values(num_sequences);
    for (auto& of_one : values) {
      for (std::size_t i = random() % 6; i > 0; --i) of_one.push_back(static_cast<float>(real(random)));
      std::ranges::sort(of_one, std::greater());
    }
    const std::vector<std::span<const float>> spans(values.begin(), values.end());
    const auto num_base = static_cast<std::int64_t>(num_sequences);
    const StepBase base{
        .num_rows = num_base, .num_tokens = num_base, .max_rows = num_base + static_cast<std::int64_t>(random() % 20)};
    const std::vector<int> chosen = choose_rows(costs, base, spans);
    ASSERT_EQ(chosen.size(), num_sequences);
    std::int64_t num_rows = base.num_rows;
    auto num_tokens = static_cast<double>(base.num_tokens);
    for (std::size_t i = 0; i < num_sequences; ++i) {
      ASSERT_LE(chosen[i], static_cast<int>(values[i].size()));
      num_rows += chosen[i];
      for (int j = 0; j < chosen[i]; ++j) num_tokens += static_cast<double>(values[i][static_cast<std::size_t>(j)]);
    }
    ASSERT_LE(num_rows, base.max_rows);
    const double best = best_rate(costs, base, spans, base.num_rows, static_cast<double>(base.num_tokens));
    EXPECT_NEAR(num_tokens / costs.seconds(num_rows), best, 1e-9 * best);
    num_with_rows += num_rows > base.num_rows ? 1 : 0;
  }
  EXPECT_GT(num_with_rows, 500);
  EXPECT_LT(num_with_rows, 2990);
}

}  // namespace
}  // namespace wedlm
