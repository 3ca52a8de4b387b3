#include "wedlm/train/tokenizer/word_counts.h"

#include <gmock/gmock.h>

#include <map>

#include "wedlm/train/draws.h"

namespace wedlm::train {
namespace {

using testing::Pair;
using testing::UnorderedElementsAre;

TEST(WordCountsTest, CutsAsQwensTokenizersDo) {
  WordCounter words;
  words.add("We're 12 here.\nWe 're e\u0301t\u00e9");
  EXPECT_THAT(words.counts(), UnorderedElementsAre(Pair("We", 2), Pair("'re", 1), Pair(" ", 1), Pair("1", 1),
                                                   Pair("2", 1), Pair(" here", 1), Pair(".\n", 1), Pair(" '", 1),
                                                   Pair("re", 1), Pair(" \u00e9t\u00e9", 1)));
  words.add("We");
  EXPECT_EQ(words.counts().at("We"), 3);
  EXPECT_EQ(words.num_bytes(), 28 + 2);
}

TEST(WordCountsTest, PartsHaveTheWordsOfTheWhole) {
  constexpr const char* kPieces[] = {"a", "Z",  "1",      " ", " ",      "\n",     "\n",     "\r",     "\t",
                                     ".", "'s", "\u00e9", "e", "\u0301", "\u00a0", "\u2028", "\u4e16", "\U0001F642"};
  std::size_t num_parts = 0;
  for (std::uint64_t i = 0; i < 300; ++i) {
    Draws draws(3, Draws::Purpose::kOrder, i);
    std::string text;
    for (std::size_t left = draws.below(60); left > 0; --left) text += kPieces[draws.below(std::size(kPieces))];
    WordCounter whole, parts;
    whole.add(text);
    for (std::string_view rest = text; !rest.empty();) {
      const std::size_t end = end_of_part(rest, 5);
      ASSERT_GE(end, std::min<std::size_t>(5, rest.size()));
      parts.add(rest.substr(0, end));
      rest.remove_prefix(end);
      ++num_parts;
    }
    EXPECT_EQ(parts.counts(), whole.counts()) << text;
  }
  EXPECT_GT(num_parts, 500U);
}

}  // namespace
}  // namespace wedlm::train
