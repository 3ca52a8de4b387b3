#include "wedlm/train/rows/mask_drawing.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

namespace wedlm::train {
namespace {

Sample sample_of(std::size_t prompt, std::size_t answer) {
  Sample sample;
  sample.append(std::vector<TokenId>(prompt, 1), false);
  sample.append(std::vector<TokenId>(answer, 2), true);
  return sample;
}

TEST(MaskDrawingTest, MasksSoManyLearnedTokensOfEachBlockAsItsRatioSays) {
  const Sample sample = sample_of(40, 160);
  for (const MaskPattern pattern :
       {MaskPattern::kRandom, MaskPattern::kSuffix, MaskPattern::kMixed, MaskPattern::kWindow}) {
    for (std::uint64_t place = 0; place < 50; ++place) {
      Draws draws(7, Draws::Purpose::kMasks, place);
      const auto blocks = draw_masks(sample.view(), {.pattern = pattern}, draws);
      ASSERT_EQ(blocks.size(), 7U);
      for (const MaskedBlock& block : blocks) {
        const auto learned = static_cast<double>(block.end - std::clamp<std::size_t>(40, block.begin, block.end));
        EXPECT_EQ(static_cast<double>(block.masked.size()), std::nearbyint(learned * block.ratio));
        EXPECT_TRUE(std::ranges::is_sorted(block.masked));
        for (const std::size_t i : block.masked) {
          EXPECT_GE(i, std::max<std::size_t>(block.begin, 40));
          EXPECT_LT(i, block.end);
          EXPECT_TRUE(pattern != MaskPattern::kSuffix || i >= block.end - block.masked.size());
        }
      }
    }
  }
}

/// Ratios of U(0, 1): a mean of 1/2 and a variance of 1/12, and each token is masked as often as any other.
TEST(MaskDrawingTest, RatiosAreUniformAndTokensAreMaskedAlike) {
  const Sample sample = sample_of(0, 32);
  constexpr int kDraws = 20000;
  double sum = 0, squares = 0;
  std::vector<int> counts(32);
  for (int i = 0; i < kDraws; ++i) {
    Draws draws(1, Draws::Purpose::kMasks, static_cast<std::uint64_t>(i));
    const auto blocks = draw_masks(sample.view(), {}, draws);
    sum += blocks[0].ratio;
    squares += blocks[0].ratio * blocks[0].ratio;
    for (const std::size_t at : blocks[0].masked) ++counts[at];
  }
  EXPECT_NEAR(sum / kDraws, 0.5, 0.01);
  EXPECT_NEAR(squares / kDraws, 1.0 / 3, 0.01);
  for (const int count : counts) EXPECT_NEAR(count, kDraws / 2, 350);  // five standard deviations
}

/// A block of two with one mask: the second token with weight 2 of 3. Of 32 tokens each is masked more often than those
/// some places before it.
TEST(MaskDrawingTest, AWindowMasksLaterTokensMoreOften) {
  constexpr int kDraws = 20000;
  const auto counts = [](std::size_t length) {
    std::vector<int> masked(length);
    int num_single = 0, num_second = 0;
    for (int i = 0; i < kDraws; ++i) {
      Draws draws(1, Draws::Purpose::kMasks, static_cast<std::uint64_t>(i));
      const Sample sample = sample_of(0, length);
      const auto blocks = draw_masks(sample.view(), {.pattern = MaskPattern::kWindow}, draws);
      for (const std::size_t at : blocks[0].masked) ++masked[at];
      num_single += blocks[0].masked.size() == 1 ? 1 : 0;
      num_second += blocks[0].masked == std::vector<std::size_t>{1} ? 1 : 0;
    }
    if (length == 2) {
      EXPECT_NEAR(num_second, num_single * 2.0 / 3, 250);  // five standard deviations
    }
    return masked;
  };
  counts(2);
  const auto masked = counts(32);
  for (std::size_t i = 0; i + 8 < masked.size(); ++i) EXPECT_LT(masked[i], masked[i + 8]) << i;
}

TEST(MaskDrawingTest, AComplementMasksWhatTheOtherShows) {
  const Sample sample = sample_of(5, 90);
  Draws draws(3, Draws::Purpose::kMasks, 0);
  const auto blocks = draw_masks(sample.view(), {.is_complementary = true}, draws);
  ASSERT_EQ(blocks.size(), 6U);
  for (std::size_t i = 0; i < blocks.size(); i += 2) {
    EXPECT_EQ(blocks[i].begin, blocks[i + 1].begin);
    std::vector<std::size_t> both;
    std::ranges::merge(blocks[i].masked, blocks[i + 1].masked, std::back_inserter(both));
    std::vector<std::size_t> learned;
    for (std::size_t at = std::max<std::size_t>(5, blocks[i].begin); at < blocks[i].end; ++at) learned.push_back(at);
    EXPECT_EQ(both, learned);
  }
}

TEST(MaskDrawingTest, ARandomOffsetBeginsBlocksAnywhere) {
  const Sample sample = sample_of(0, 100);
  std::vector<int> first_ends(33);
  for (std::uint64_t place = 0; place < 2000; ++place) {
    Draws draws(3, Draws::Purpose::kMasks, place);
    const auto blocks = draw_masks(sample.view(), {.has_random_offset = true}, draws);
    ++first_ends[blocks[0].end];
    std::size_t at = 0;
    for (const MaskedBlock& block : blocks) {
      EXPECT_EQ(block.begin, at);
      at = block.end;
    }
    EXPECT_EQ(at, 100U);
  }
  EXPECT_EQ(first_ends[0], 0);
  for (std::size_t length = 1; length <= 32; ++length) EXPECT_GT(first_ends[length], 20);
}

TEST(MaskDrawingTest, TheSamePlaceHasTheSameMasks) {
  const Sample sample = sample_of(10, 50);
  const auto masks = [&](std::uint64_t seed, std::uint64_t place) {
    Draws draws(seed, Draws::Purpose::kMasks, place);
    return draw_masks(sample.view(), {}, draws)[1].masked;
  };
  EXPECT_EQ(masks(1, 5), masks(1, 5));
  EXPECT_NE(masks(1, 5), masks(1, 6));
  EXPECT_NE(masks(1, 5), masks(2, 5));
}

}  // namespace
}  // namespace wedlm::train
