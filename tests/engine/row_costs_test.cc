#include "wedlm/engine/row_costs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <random>
#include <thread>

#include "wedlm/base/error.h"

namespace wedlm {
namespace {

using testing::ElementsAre;

std::vector<std::int64_t> sizes_of(const RowCosts& costs) {
  std::vector<std::int64_t> sizes;
  for (const RowCosts::Point& point : costs.points()) sizes.push_back(point.rows);
  return sizes;
}

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

TEST(MeasureRowCostsTest, EachSizeIsTheLeastOfAFewAndNoneIsTooLarge) {
  for (const std::int64_t max_rows : {1, 5, 16, 127, 2048}) {
    std::map<std::int64_t, int> num_runs;
    const RowCosts costs = measure_row_costs(
        [&](std::int64_t rows) {
          EXPECT_GE(rows, 1);
          EXPECT_LE(rows, max_rows);
          const bool is_disturbed = num_runs[rows]++ % 2 == 0;
          return static_cast<double>(rows) * (is_disturbed ? 2e-6 : 1e-6);
        },
        max_rows);
    EXPECT_TRUE(std::ranges::is_sorted(sizes_of(costs), std::ranges::less_equal()));
    for (const RowCosts::Point& point : costs.points()) {
      EXPECT_DOUBLE_EQ(point.seconds, static_cast<double>(point.rows) * 1e-6) << point.rows;
      EXPECT_GE(num_runs[point.rows], 2);
    }
    EXPECT_EQ(costs.points().front().rows, 1);
    EXPECT_GE(costs.points().back().rows * 2, std::min<std::int64_t>(max_rows, 128));
  }
}

TEST(MeasureRowCostsTest, SlowForwardsAreFew) {
  std::vector<std::int64_t> sizes;
  const RowCosts costs = measure_row_costs(
      [&](std::int64_t rows) {
        sizes.push_back(rows);
        std::this_thread::sleep_for(std::chrono::milliseconds(60));
        return 0.06 + static_cast<double>(rows) * 1e-3;
      },
      2048);
  EXPECT_THAT(sizes, ElementsAre(1, 1, 4, 16, 32)) << "one that is not counted, and four";
  EXPECT_THAT(sizes_of(costs), ElementsAre(1, 4, 16, 32));
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
