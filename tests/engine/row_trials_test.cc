// Trials alone, and then what choice, costs and trials make of each other: steps whose forwards take what a formula
// says. No clock is looked at.
#include "wedlm/engine/row_trials.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include "wedlm/engine/row_costs.h"

namespace wedlm {
namespace {

TEST(RowTrialsTest, AreTwiceAndHalfByTurnsAndEverMoreSeldom) {
  RowTrials trials;
  std::vector<int> at;
  std::vector<std::int64_t> rows;
  for (int step = 0; step < 1000; ++step) {
    const std::int64_t next = trials.next(12, 2);
    if (next != 12) {
      at.push_back(step);
      rows.push_back(next);
    }
    trials.observe(0.01);
  }
  ASSERT_GE(rows.size(), 8U);
  for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(rows[i], i % 2 == 0 ? 24 : 6);
  for (std::size_t i = 2; i < at.size(); ++i) EXPECT_GE(at[i] - at[i - 1], at[i - 1] - at[i - 2]);
  EXPECT_EQ(at.back() - at[at.size() - 2], 64);
}

TEST(RowTrialsTest, NewsBringsThemSoonerAndOneOutlierHardly) {
  const auto num_trials = [](const std::function<double(int)>& difference) {
    RowTrials trials;
    int count = 0;
    for (int step = 0; step < 500; ++step) {
      const bool is_trial = trials.next(12, 1) != 12;
      if (step >= 400) count += is_trial ? 1 : 0;
      trials.observe(difference(step));
    }
    return count;
  };
  const int usual = num_trials([](int) { return 0.0; });
  EXPECT_LE(usual, 2);
  EXPECT_LE(num_trials([](int step) { return step == 400 ? 3.0 : 0.0; }), usual + 1);
  EXPECT_LE(num_trials([](int step) { return step % 2 == 0 ? 0.2 : -0.2; }), 3) << "noise is no news";
  EXPECT_GE(num_trials([](int step) { return step < 400 || step > 408 ? 0.0 : 0.5; }), usual + 2);
}

TEST(RowTrialsTest, RowsThatCannotBeLeftOutAreNot) {
  RowTrials trials;
  for (int step = 0; step < 100; ++step) {
    EXPECT_GE(trials.next(8, 8), 8);
    trials.observe(0);
    EXPECT_GE(trials.next(9, 8), 8);
    trials.observe(0);
  }
}

using Cost = std::function<double(double rows)>;

/// Weights' way through memory takes 1, and products of so many rows as long.
Cost as_long_as(double rows) {
  return [rows](double n) { return std::hypot(1.0, n / rows); };
}

/// One sequence whose rows are each worth a share of the one before.
class Steps {
 public:
  explicit Steps(const Cost& guess, float share = 0.9F) : costs_(points_of(guess)) {
    float value = 1;
    for (int i = 0; i < 64; ++i) values_.push_back(value *= share);
  }

  /// The rows of the next step, whose forward takes `factor` of its cost.
  std::int64_t step(const Cost& cost, double factor = 1) {
    const std::span<const float> values = values_;
    const StepBase base{.num_rows = 1, .num_tokens = 1, .max_rows = 2048};
    int chosen = choose_rows(costs_, base, {&values, 1})[0];
    const std::int64_t rows = trials_.next(1 + chosen, 1);
    if (rows != 1 + chosen) chosen = choose_best_rows(rows - 1, base, {&values, 1})[0];
    trials_.observe(costs_.observe(1 + chosen, 1e-3 * factor * cost(1 + chosen)));
    return 1 + chosen;
  }

  /// What is lost of the best rate, on the average of so many steps.
  double loss(
      const Cost& cost, int num_steps, const std::function<double()>& factor = [] { return 1.0; }) {
    double sum = 0;
    for (int i = 0; i < num_steps; ++i) sum += 1 - rate(cost, step(cost, factor())) / best_rate(cost);
    return sum / num_steps;
  }

 private:
  static std::vector<RowCosts::Point> points_of(const Cost& guess) {
    std::vector<RowCosts::Point> points;
    const RowCosts sizes = guess_row_costs({}, {}, 2048);
    for (const RowCosts::Point& point : sizes.points()) {
      points.push_back({.rows = point.rows, .seconds = guess(static_cast<double>(point.rows))});
    }
    return points;
  }
  double rate(const Cost& cost, std::int64_t rows) const {
    double tokens = 1;
    for (std::int64_t i = 0; i + 1 < rows; ++i) tokens += static_cast<double>(values_[static_cast<std::size_t>(i)]);
    return tokens / cost(static_cast<double>(rows));
  }
  double best_rate(const Cost& cost) const {
    double best = 0;
    for (std::int64_t rows = 1; rows <= 65; ++rows) best = std::max(best, rate(cost, rows));
    return best;
  }

  RowCosts costs_;
  RowTrials trials_;
  std::vector<float> values_;
};

const Cost kSteep = as_long_as(2), kUsual = as_long_as(16), kFlat = as_long_as(64);

TEST(LearnedRowsTest, AGoodGuessIsKeptAndTrialsCostLittle) {
  Steps steps(kUsual);
  EXPECT_LT(steps.loss(kUsual, 100), 0.03);
  EXPECT_LT(steps.loss(kUsual, 400), 0.01);
}

TEST(LearnedRowsTest, TheBestIsFoundFromAWrongGuess) {
  for (const float share : {0.8F, 0.9F, 0.95F}) {
    for (const auto& [guess, cost] :
         {std::pair(kFlat, kSteep), std::pair(kSteep, kFlat), std::pair(kUsual, kFlat), std::pair(kUsual, kSteep)}) {
      Steps steps(guess, share);
      steps.loss(cost, 48);
      EXPECT_LT(steps.loss(cost, 100), 0.05) << share;
    }
  }
}

TEST(LearnedRowsTest, OtherCostsAreFollowedBothWays) {
  Steps steps(kUsual);
  for (const Cost& cost : {kFlat, kSteep, kFlat, kUsual}) {
    steps.loss(cost, 60);
    EXPECT_LT(steps.loss(cost, 240), 0.06);
  }
}

/// Whatever was being computed when it came.
TEST(LearnedRowsTest, ALoadThatSlowsAllDownChangesLittle) {
  Steps steps(kUsual);
  steps.loss(kUsual, 200);
  EXPECT_LT(steps.loss(kUsual, 100, [] { return 2.5; }), 0.08) << "it comes";
  EXPECT_LT(steps.loss(kUsual, 100), 0.08) << "it goes";
}

TEST(LearnedRowsTest, AnOutlierIsNotBelieved) {
  for (int when = 0; when < 60; ++when) {
    Steps steps(kUsual);
    for (int i = 0; i < when; ++i) steps.step(kUsual);
    steps.step(kUsual, 50);
    steps.loss(kUsual, 16);
    EXPECT_LT(steps.loss(kUsual, 50), 0.08) << when;
  }
}

TEST(LearnedRowsTest, ABadMomentIsForgotten) {
  Steps steps(kUsual);
  std::mt19937 random(1);
  std::uniform_real_distribution<double> from(1, 8);
  steps.loss(kUsual, 40, [&] { return from(random); });
  steps.loss(kUsual, 60);
  EXPECT_LT(steps.loss(kUsual, 100), 0.04);
}

TEST(LearnedRowsTest, NoiseCostsLittle) {
  for (unsigned seed = 0; seed < 8; ++seed) {
    Steps steps(kSteep);
    std::mt19937 random(seed);
    std::normal_distribution<double> noise(0, 0.1);
    const auto factor = [&] { return std::exp(std::abs(noise(random))) * (random() % 30 == 0 ? 5 : 1); };
    steps.loss(kFlat, 60, factor);
    EXPECT_LT(steps.loss(kFlat, 300, factor), 0.08) << seed;
  }
}

}  // namespace
}  // namespace wedlm
