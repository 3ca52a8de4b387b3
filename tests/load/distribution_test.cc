#include "wedlm/load/distribution.h"

#include <gtest/gtest.h>

namespace wedlm::load {
namespace {

/// Expected values: Python's statistics.quantiles(values, n=100, method='inclusive'), which is definition 7 too.
TEST(DistributionTest, PercentilesAreThoseOfPythonsStatistics) {
  const auto seven = distribution_of({11.0, 0.5, 40.0, 3.0, 2.25, 12.5, 7.5});
  ASSERT_TRUE(seven);
  EXPECT_EQ(seven->count, 7U);
  EXPECT_DOUBLE_EQ(seven->mean, 10.964285714285714);
  EXPECT_DOUBLE_EQ(seven->median, 7.5);
  EXPECT_DOUBLE_EQ(seven->p90, 23.5);
  EXPECT_DOUBLE_EQ(seven->p99, 38.35);

  const auto two = distribution_of({10.0, 1.0});
  EXPECT_DOUBLE_EQ(two->median, 5.5);
  EXPECT_DOUBLE_EQ(two->p90, 9.1);
  EXPECT_DOUBLE_EQ(two->p99, 9.91);

  std::vector<double> squares;
  for (int i = 1; i <= 101; ++i) squares.push_back(i * i);
  const auto many = distribution_of(squares);
  EXPECT_DOUBLE_EQ(many->median, 2601);
  EXPECT_DOUBLE_EQ(many->p90, 8281);
  EXPECT_DOUBLE_EQ(many->p99, 10000);
}

TEST(DistributionTest, OfOneValueAndOfNone) {
  const auto one = distribution_of({3.0});
  EXPECT_EQ(one->median, 3);
  EXPECT_EQ(one->p99, 3);
  EXPECT_FALSE(distribution_of({}));
  const std::vector<double> sorted = {1, 2, 4};
  EXPECT_EQ(quantile(sorted, 0), 1);
  EXPECT_EQ(quantile(sorted, 1), 4);
}

}  // namespace
}  // namespace wedlm::load
