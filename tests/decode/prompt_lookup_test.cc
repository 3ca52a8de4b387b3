#include "wedlm/decode/prompt_lookup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace wedlm {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Tokens = std::vector<TokenId>;

TEST(PromptLookupTest, ContinuesTheLongestMatch) {
  PromptLookup lookup;
  const Tokens known = {9, 1, 2, 3, 40, 41, 8, 1, 2, 3, 50, 51, 9, 1, 2, 3};
  const auto found = lookup.find(known, {}, 3);
  EXPECT_EQ(found.match_length, 4) << "9 1 2 3, longer than the later 1 2 3";
  EXPECT_THAT(found.tokens, ElementsAre(40, 41, 8));
  const auto behind_drafts = lookup.find(known, Tokens{50, 51, 9}, 2);
  EXPECT_EQ(behind_drafts.match_length, 6) << "1 2 3 50 51 9";
  EXPECT_THAT(behind_drafts.tokens, ElementsAre(1, 2));
}

TEST(PromptLookupTest, OfEqualMatchesTheLatestCounts) {
  PromptLookup lookup;
  const auto found = lookup.find(Tokens{7, 1, 2, 3, 40, 6, 1, 2, 3, 50, 5, 1, 2, 3}, {}, 1);
  EXPECT_EQ(found.match_length, 3);
  EXPECT_THAT(found.tokens, ElementsAre(50));
}

TEST(PromptLookupTest, APatternGoesOn) {
  PromptLookup lookup;
  const auto found = lookup.find(Tokens{1, 2, 1, 2, 1, 2}, {}, 7);
  EXPECT_EQ(found.match_length, 4);
  EXPECT_THAT(found.tokens, ElementsAre(1, 2, 1, 2, 1, 2, 1));
}

TEST(PromptLookupTest, FindsNothingInLittle) {
  PromptLookup lookup;
  EXPECT_THAT(lookup.find({}, {}, 5).tokens, IsEmpty());
  EXPECT_THAT(lookup.find(Tokens{1, 1}, {}, 5).tokens, IsEmpty());
  EXPECT_THAT(lookup.find(Tokens{1, 2, 3}, {}, 5).tokens, IsEmpty());
  EXPECT_THAT(lookup.find(Tokens{1, 2, 3, 1, 2}, Tokens{4}, 5).tokens, IsEmpty());
  EXPECT_THAT(lookup.find(Tokens{1, 2, 3, 1, 2, 3}, {}, 0).tokens, IsEmpty());
}

struct Match {
  std::int64_t end = 0;
  int length = 0;
};

/// Every place in `known` where at least three tokens are those at the end of `all`, the latest first.
std::vector<Match> matches(const Tokens& all, std::size_t num_known) {
  std::vector<Match> found;
  for (std::size_t end = std::min(num_known, all.size() - 1); end >= 3; --end) {
    std::size_t length = 0;
    while (length < end && length < 64 && all[end - 1 - length] == all[all.size() - 1 - length]) ++length;
    if (length >= 3) found.push_back({static_cast<std::int64_t>(end), static_cast<int>(length)});
  }
  return found;
}

TEST(PromptLookupTest, EqualsANaiveSearchWhileTheTextGrows) {
  std::mt19937 random(4);
  int num_found = 0, num_missed = 0;
  for (int repeat = 0; repeat < 150; ++repeat) {
    const unsigned alphabet = 2 + random() % 6;
    PromptLookup lookup;
    Tokens known;
    while (known.size() < 150) {
      for (std::size_t n = 1 + random() % 4; n > 0; --n) known.push_back(static_cast<TokenId>(random() % alphabet));
      Tokens drafts(random() % 3);
      for (TokenId& token : drafts) token = static_cast<TokenId>(random() % alphabet);
      const int most = static_cast<int>(random() % 12);
      const auto found = lookup.find(known, drafts, most);
      EXPECT_EQ(PromptLookup().find(known, drafts, most).tokens, found.tokens) << "an index from the beginning";

      Tokens all = known;
      all.insert(all.end(), drafts.begin(), drafts.end());
      auto candidates = all.size() < 3 ? std::vector<Match>() : matches(all, known.size());
      candidates.resize(std::min<std::size_t>(candidates.size(), drafts.empty() ? 7 : 8));  // the latest few
      if (candidates.empty() || most == 0) {
        EXPECT_EQ(found.match_length, 0);
        EXPECT_THAT(found.tokens, IsEmpty());
        ++num_missed;
        continue;
      }
      const Match best = *std::ranges::max_element(candidates, {}, &Match::length);
      EXPECT_EQ(found.match_length, best.length);
      Tokens expected;
      for (int i = 0; i < most; ++i) {
        all.push_back(all[static_cast<std::size_t>(best.end + i)]);
        expected.push_back(all.back());
      }
      EXPECT_EQ(found.tokens, expected);
      ++num_found;
      if (HasFailure()) return;
    }
  }
  EXPECT_GT(num_found, 1000);
  EXPECT_GT(num_missed, 100);
}

}  // namespace
}  // namespace wedlm
