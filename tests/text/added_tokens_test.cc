#include "wedlm/text/added_tokens.h"

#include <gtest/gtest.h>

namespace wedlm {
namespace {

using Specials = AddedTokenFinder::Specials;

/// "a[7]b" for text "a", token 7, text "b".
std::string found(const AddedTokenFinder& finder, std::string_view text, Specials specials = Specials::kFind) {
  std::string result;
  for (std::size_t position = 0; position < text.size();) {
    const AddedTokenFinder::Piece piece = finder.next(text, &position, specials);
    result += piece.text;
    if (piece.token != kNoToken) result += "[" + std::to_string(piece.token) + "]";
  }
  return result;
}

AddedTokenFinder finder_of(const std::vector<AddedToken>& tokens) {
  AddedTokenFinder finder;
  for (const AddedToken& token : tokens) finder.add(token, token.content);
  return finder;
}

TEST(AddedTokensTest, TakesTheLeftmostAndThereTheLongest) {
  const AddedTokenFinder finder = finder_of({{.id = 1, .content = "ab"},
                                             {.id = 2, .content = "abcd"},
                                             {.id = 3, .content = "bcdef"},
                                             {.id = 4, .content = "c"}});
  EXPECT_EQ(found(finder, "xabcx"), "x[1][4]x");
  EXPECT_EQ(found(finder, "xabcdefx"), "x[2]efx");
  EXPECT_EQ(found(finder, "bcdef"), "[3]");
  EXPECT_EQ(found(finder, "abab"), "[1][1]");
  EXPECT_EQ(found(finder, "nothing"), "nothing");
  EXPECT_EQ(found(AddedTokenFinder(), "ab"), "ab");
}

TEST(AddedTokensTest, SpecialTokensCanBePassedOver) {
  const AddedTokenFinder finder =
      finder_of({{.id = 1, .content = "<|s|>", .special = true}, {.id = 2, .content = "<tool>"}});
  EXPECT_EQ(found(finder, "a<|s|><tool>b"), "a[1][2]b");
  EXPECT_EQ(found(finder, "a<|s|><tool>b", Specials::kPassOver), "a<|s|>[2]b");
  EXPECT_EQ(found(finder, "a<|s|", Specials::kFind), "a<|s|");
}

TEST(AddedTokensTest, FlagsDecideAboutTheNeighbours) {
  const AddedTokenFinder finder = finder_of({{.id = 1, .content = "<l>", .lstrip = true},
                                             {.id = 2, .content = "<r>", .rstrip = true},
                                             {.id = 3, .content = "word", .single_word = true}});
  EXPECT_EQ(found(finder, "a \n\u3000<l> b"), "a[1] b");
  EXPECT_EQ(found(finder, "a <r> \u00A0\u0085 b"), "a [2]b");
  EXPECT_EQ(found(finder, "<r>  <l>"), "[2][1]");
  EXPECT_EQ(found(finder, "\u200B<l>"), "\u200B[1]");  // no white space
  EXPECT_EQ(found(finder, "word"), "[3]");
  EXPECT_EQ(found(finder, "a word, word"), "a [3], [3]");
  EXPECT_EQ(found(finder, "swordfish words \u00E9word word\u0301 word_"),
            "swordfish words \u00E9word word\u0301 word_");
}

TEST(AddedTokensTest, HundredsOfTokensCostNoMoreThanOne) {
  AddedTokenFinder finder;
  for (int i = 0; i < 1000; ++i) {
    const std::string content = "<|reserved_" + std::to_string(i) + "|>";
    finder.add({.id = i, .content = content}, content);
  }
  std::string text;
  while (text.size() < 4'000'000) text += "<<|<|reserved_12";
  EXPECT_EQ(found(finder, text), text);
  EXPECT_EQ(found(finder, text + "|>").size(), text.size() - std::string("<|reserved_12").size() + 4);
}

}  // namespace
}  // namespace wedlm
