#include "wedlm/base/number_range.h"

#include <gtest/gtest.h>

#include <cmath>

namespace wedlm {
namespace {

TEST(NumberRangeTest, EndsAreInOrOut) {
  EXPECT_TRUE(NumberRange::from_to(0, 1).contains(0));
  EXPECT_TRUE(NumberRange::from_to(0, 1).contains(1));
  EXPECT_FALSE(NumberRange::from_to(0, 1).contains(1.0000001));
  EXPECT_FALSE(NumberRange::above_up_to(0, 1).contains(0));
  EXPECT_TRUE(NumberRange::above_up_to(0, 1).contains(1));
  EXPECT_FALSE(NumberRange::between(0, 1).contains(0));
  EXPECT_FALSE(NumberRange::between(0, 1).contains(1));
  EXPECT_TRUE(NumberRange::between(0, 1).contains(0.5));
  EXPECT_TRUE(NumberRange::at_least(0).contains(0));
  EXPECT_FALSE(NumberRange::above(0).contains(0));
  EXPECT_TRUE(NumberRange::above(0).contains(1e300));
}

TEST(NumberRangeTest, OnlyFiniteNumbersAreInside) {
  for (const NumberRange& range : {NumberRange::at_least(0), NumberRange::above(0), NumberRange::from_to(-1, 1)}) {
    EXPECT_FALSE(range.contains(INFINITY));
    EXPECT_FALSE(range.contains(-INFINITY));
    EXPECT_FALSE(range.contains(NAN));
  }
}

TEST(NumberRangeTest, SaysItself) {
  EXPECT_EQ(NumberRange::at_least(0).text("a number"), "a number of at least 0");
  EXPECT_EQ(NumberRange::above(0).text("a number"), "a number above 0");
  EXPECT_EQ(NumberRange::from_to(1, 256).text("an integer"), "an integer from 1 to 256");
  EXPECT_EQ(NumberRange::above_up_to(0, 1).text("a number"), "a number above 0 and at most 1");
  EXPECT_EQ(NumberRange::between(0, 0.5).text("a number"), "a number between 0 and 0.5");
}

}  // namespace
}  // namespace wedlm
