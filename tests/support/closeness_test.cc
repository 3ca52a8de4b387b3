// The ruler of the other tests: what it must refuse, and what it must let through.
#include "tests/support/closeness.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace wedlm {
namespace {

using Values = std::vector<float>;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(ClosenessTest, MeasuresWhatIsFinite) {
  EXPECT_EQ(largest_distance(Values{1, 2, 3}, Values{1, 2.5F, 2.75F}), 0.5);
  EXPECT_EQ(largest_distance(Values{-4}, Values{4}), 8);
  EXPECT_EQ(largest_distance({}, {}), 0);
  EXPECT_EQ(relative_error(Values{0.5F, 7}, Values{0.5F, -8}), 15.0 / 8);
  EXPECT_EQ(relative_error(Values{0.5F}, Values{0.25F}), 0.25) << "over 1 at least";
  EXPECT_EQ(share_of_range(Values{0, 5, 8}, Values{-2, 5, 8}), 0.2);
  EXPECT_EQ(farther(1, 2), 2);
  EXPECT_EQ(farther(2, 1), 2);
  EXPECT_EQ(distance(3, 5), 2);
}

TEST(ClosenessTest, WhatIsNotFiniteIsInfinitelyFar) {
  for (const float bad : {kNaN, -kNaN, kInfinity, -kInfinity}) {
    for (const float other : {0.0F, bad}) {
      for (const std::size_t place : {0, 1, 2}) {
        Values odd = {1, 2, 3}, plain = {1, 2, 3};
        odd[place] = bad;
        plain[place] = other;
        for (const auto& [got, expected] : {std::pair(odd, plain), std::pair(plain, odd)}) {
          EXPECT_EQ(largest_distance(got, expected), kInfinity) << bad << " and " << other << " at " << place;
          EXPECT_EQ(relative_error(got, expected), kInfinity) << bad << " and " << other << " at " << place;
          EXPECT_EQ(share_of_range(got, expected), kInfinity) << bad << " and " << other << " at " << place;
        }
      }
    }
    EXPECT_EQ(farther(1, bad), kInfinity);
    EXPECT_EQ(farther(bad, 1), kInfinity);
    EXPECT_EQ(distance(bad, bad), kInfinity);
  }
}

TEST(ClosenessTest, SoIsWhatDiffersInSizeOrHasNoRange) {
  EXPECT_EQ(largest_distance(Values{1, 2}, Values{1, 2, 3}), kInfinity);
  EXPECT_EQ(relative_error(Values{1, 2, 3}, Values{1, 2}), kInfinity);
  EXPECT_EQ(share_of_range(Values{}, Values{1, 2}), kInfinity);
  EXPECT_EQ(share_of_range(Values{}, Values{}), kInfinity);
  EXPECT_EQ(share_of_range(Values{2, 2}, Values{2, 2}), kInfinity);
}

TEST(ClosenessTest, SameBitsAreThoseOfNumbers) {
  EXPECT_TRUE(same_bits(Values{1, -2}, Values{1, -2}));
  EXPECT_FALSE(same_bits(Values{1, -2}, Values{1, std::nextafter(-2.0F, 0.0F)}));
  EXPECT_FALSE(same_bits(Values{0.0F}, Values{-0.0F}));
  EXPECT_FALSE(same_bits(Values{1}, Values{1, 2}));
  EXPECT_FALSE(same_bits(Values{kNaN}, Values{kNaN}));
  EXPECT_FALSE(same_bits(Values{1, kInfinity}, Values{1, kInfinity}));
}

}  // namespace
}  // namespace wedlm
