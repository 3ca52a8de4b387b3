#include "wedlm/base/random.h"

#include <gtest/gtest.h>

#include <cmath>

namespace wedlm {
namespace {

// The known answers that the authors of Philox publish with Random123 (kat_vectors).
TEST(PhiloxTest, KnownAnswers) {
  using Block = std::array<std::uint32_t, 4>;
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}), (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(GumbelTest, HasTheMomentsOfTheDistribution) {
  double sum = 0, sum_of_squares = 0;
  constexpr int kDraws = 200'000;
  for (int i = 0; i < kDraws; ++i) {
    const double x = gumbel(7, static_cast<std::uint64_t>(i / 1000), static_cast<std::uint32_t>(i % 1000));
    ASSERT_TRUE(std::isfinite(x));
    sum += x;
    sum_of_squares += x * x;
  }
  const double mean = sum / kDraws;
  EXPECT_NEAR(mean, 0.5772157, 0.01);                                   // Euler's constant
  EXPECT_NEAR(sum_of_squares / kDraws - mean * mean, 1.6449341, 0.03);  // pi^2 / 6
  EXPECT_NE(gumbel(1, 2, 3), gumbel(2, 2, 3));
  EXPECT_NE(gumbel(1, 2, 3), gumbel(1, 3, 3));
  EXPECT_EQ(gumbel(1, 2, 3), gumbel(1, 2, 3));
}

}  // namespace
}  // namespace wedlm
