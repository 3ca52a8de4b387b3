#include "wedlm/base/number_text.h"

#include <gtest/gtest.h>

#include <cmath>

namespace wedlm {
namespace {

TEST(NumberTextTest, SizesArePowersOf1024AndCountsOf1000) {
  EXPECT_EQ(size_text(512), "512 B");
  EXPECT_EQ(size_text(1536), "1.5 KB");
  EXPECT_EQ(size_text(2.0 * 1024 * 1024 * 1024), "2.0 GB");
  EXPECT_EQ(count_text(999), "999");
  EXPECT_EQ(count_text(4'000'000), "4.0 M");
  EXPECT_EQ(count_text(8.2e9), "8.2 B");
}

TEST(NumberTextTest, DigitsAfterThePointAreThoseAskedFor) {
  EXPECT_EQ(fixed(2.0 / 3, 2), "0.67");
  EXPECT_EQ(fixed(2.5e-9, 0), "0");
}

TEST(NumberTextTest, ShortestHasTheFewestDigits) {
  EXPECT_EQ(shortest(1), "1");
  EXPECT_EQ(shortest(-3), "-3");
  EXPECT_EQ(shortest(0.4), "0.4");
  EXPECT_EQ(shortest(2147483648.0), "2147483648");
  EXPECT_EQ(shortest(1e20), "1e+20");
  EXPECT_EQ(shortest(NAN), "nan");
}

TEST(NumberTextTest, ANumberIsAllOfItsText) {
  EXPECT_EQ(parse_whole<std::int64_t>("-12"), -12);
  EXPECT_EQ(parse_whole<double>("1e-3"), 1e-3);
  for (const char* wrong : {"", "1x", " 1", "+1", "1.0", "99999999999999999999"}) {
    EXPECT_EQ(parse_whole<std::int64_t>(wrong), std::nullopt) << wrong;
  }
  EXPECT_EQ(parse_whole<double>("0,4"), std::nullopt);
}

}  // namespace
}  // namespace wedlm
