#include "wedlm/load/arrivals.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace wedlm::load {
namespace {

std::vector<double> gaps_of(ArrivalProcess process, double rate, std::uint64_t seed, int count) {
  Arrivals arrivals(process, rate, seed);
  EXPECT_EQ(arrivals.next(), 0);
  std::vector<double> gaps;
  double before = 0;
  for (int i = 0; i < count; ++i) {
    const double time = arrivals.next();
    gaps.push_back(time - before);
    before = time;
  }
  return gaps;
}

TEST(ArrivalsTest, EvenOnesHaveEqualGapsWithoutDrift) {
  Arrivals arrivals(ArrivalProcess::kEven, 3, 0);
  for (int i = 0; i < 3000; ++i) EXPECT_DOUBLE_EQ(arrivals.next(), i / 3.0);
}

/// 20000 gaps: the mean of an exponential distribution has a standard error of 1/sqrt(n) = 0.7 %, and its empirical
/// distribution a Kolmogorov-Smirnov distance below 1.63/sqrt(n) in 99 % of cases.
TEST(ArrivalsTest, PoissonGapsAreExponential) {
  constexpr int kCount = 20000;
  constexpr double kRate = 40;
  for (const std::uint64_t seed : {0U, 1U, 7U}) {
    std::vector<double> gaps = gaps_of(ArrivalProcess::kPoisson, kRate, seed, kCount);
    double sum = 0, sum_of_squares = 0, product = 0;
    for (int i = 0; i < kCount; ++i) {
      const double gap = gaps[static_cast<std::size_t>(i)] * kRate;
      EXPECT_GT(gap, 0);
      sum += gap;
      sum_of_squares += gap * gap;
      if (i > 0) product += (gap - 1) * (gaps[static_cast<std::size_t>(i) - 1] * kRate - 1);
    }
    EXPECT_NEAR(sum / kCount, 1, 0.025);
    EXPECT_NEAR(sum_of_squares / kCount, 2, 0.12);  // variance 1
    EXPECT_NEAR(product / kCount, 0, 0.025);        // neighbours know nothing of each other
    std::sort(gaps.begin(), gaps.end());
    double distance = 0;
    for (int i = 0; i < kCount; ++i) {
      const double expected = 1 - std::exp(-kRate * gaps[static_cast<std::size_t>(i)]);
      distance = std::max(distance, std::abs(expected - (i + 0.5) / kCount));
    }
    EXPECT_LT(distance, 1.63 / std::sqrt(kCount)) << seed;
  }
}

TEST(ArrivalsTest, ASeedRepeatsThem) {
  EXPECT_EQ(gaps_of(ArrivalProcess::kPoisson, 2, 5, 50), gaps_of(ArrivalProcess::kPoisson, 2, 5, 50));
  EXPECT_NE(gaps_of(ArrivalProcess::kPoisson, 2, 5, 50), gaps_of(ArrivalProcess::kPoisson, 2, 6, 50));
}

}  // namespace
}  // namespace wedlm::load
