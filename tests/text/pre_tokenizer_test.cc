#include "wedlm/text/pre_tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wedlm/base/error.h"

namespace wedlm {
namespace {

using Kind = PreTokenizerStep::Kind;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kQwen2 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

std::vector<std::string> words(const std::vector<PreTokenizerStep>& steps, std::string_view text) {
  std::vector<std::string> words;
  PreTokenizer(steps).split(text, [&](std::string_view word) { words.emplace_back(word); });
  return words;
}

std::vector<std::string> words(const char* expression, std::string_view text) {
  return words(std::vector<PreTokenizerStep>{{.expression = expression}}, text);
}

std::string error_of(const std::string& expression) {
  try {
    PreTokenizer({{.expression = expression}});
  } catch (const InvalidInput& error) {
    return error.what();
  }
  return "";
}

TEST(PreTokenizerTest, CutsAsQwenDoes) {
  EXPECT_THAT(words(kQwen2, "I'LL say: it's 42!\n\n  ok"),
              ElementsAre("I", "'LL", " say", ":", " it", "'s", " ", "4", "2", "!\n\n", " ", " ok"));
  EXPECT_THAT(words(kQwen2, "a   \r\n b  "), ElementsAre("a", "   \r\n", " b", "  "));
  EXPECT_THAT(words(kQwen2, "x'\u017F"), ElementsAre("x", "'\u017F"));  // the long s folds to s
  EXPECT_THAT(words(kQwen2, ""), ElementsAre());
}

TEST(PreTokenizerTest, StepsFollowEachOther) {
  EXPECT_THAT(words({{.expression = "\\p{N}{1,3}"}, {.expression = "b+"}}, "a1234bb"),
              ElementsAre("a", "123", "4", "bb"));
  EXPECT_THAT(words({{Kind::kSplitKeepMatches, "\\p{L}+"}}, "ab, cd!"), ElementsAre("ab", "cd"));
  EXPECT_THAT(words({{Kind::kSplitDropMatches, "\\p{L}+"}}, "ab, cd!"), ElementsAre(", ", "!"));
  EXPECT_THAT(words({{.kind = Kind::kPrefixSpace}, {.expression = " "}}, "ab"), ElementsAre(" ", "ab"));
  EXPECT_THAT(words({{.kind = Kind::kPrefixSpace}}, " ab"), ElementsAre(" ab"));
  EXPECT_THAT(words({{.expression = "x*"}}, "axxé"), ElementsAre("a", "xx", "é"));
}

// Where Oniguruma and PCRE2 differ.
TEST(RegexDialectTest, WhiteSpaceIsUnicodes) {
  for (const char* space : {"\u0085", "\u00A0", "\u1680", "\u2000", "\u200A", "\u2028", "\u2029", "\u202F", "\u205F",
                            "\u3000", "\v", "\f"}) {
    EXPECT_THAT(words(R"(\s)", std::string("a") + space + "b"), ElementsAre("a", space, "b"));
    EXPECT_THAT(words(R"([^\s]+)", std::string("a") + space + "b"), ElementsAre("a", space, "b"));
    EXPECT_THAT(words(R"([\S]+)", std::string("a") + space + "b"), ElementsAre("a", space, "b"));
  }
  for (const char* other : {"\u180E", "\u200B", "\uFEFF", "\x1C", "\u2060"}) {
    EXPECT_THAT(words(R"(\S+)", std::string(" a") + other), ElementsAre(" ", std::string("a") + other));
    EXPECT_THAT(words(R"([\S]+)", std::string(" a") + other), ElementsAre(" ", std::string("a") + other));
  }
}

TEST(RegexDialectTest, WordsHaveMarksAndLinesHaveEnds) {
  EXPECT_THAT(words(R"(\w+)", "e\u0301\u203F \u0967"), ElementsAre("e\u0301\u203F", " ", "\u0967"));
  EXPECT_THAT(words(R"(\W+)", "e\u0301, f"), ElementsAre("e\u0301", ", ", "f"));
  EXPECT_THAT(words(R"(^b)", "a\nb"), ElementsAre("a\n", "b"));
  EXPECT_THAT(words(R"(\d)", "\u00B2\u0663"), ElementsAre("\u00B2", "\u0663"));  // superscript two is no digit
  EXPECT_THAT(words(R"([\u4e00\x41]|\x{1F600})", "\u4E00AB😀"), ElementsAre("\u4E00", "A", "B", "😀"));
}

TEST(RegexDialectTest, RefusesWhatItCannotTranslate) {
  for (const char* construct : {R"(\h)", R"(\R)", R"(\Qa\E)", R"((?<n>a))", R"((a)\1)", "[a[b]]", "[a&&b]", "a{1,2}+",
                                "(*ACCEPT)", "(?x)a", R"(\xE9)", R"([\W])", R"(\pL)", R"(\u12)", "a{,2}", "\\"}) {
    EXPECT_THAT(error_of(construct), HasSubstr("is not supported")) << construct;
  }
  for (const char* broken : {"(", "[a", "a)", R"(\p{Klingon})", "*", "(?i:a", "((a{1,9999}){1,9999}){1,9999}"}) {
    EXPECT_THAT(error_of(broken), HasSubstr("bad regular expression")) << broken;
  }
  EXPECT_THAT(error_of(std::string(100'000, 'a')), HasSubstr("longer than"));
}

TEST(PreTokenizerTest, AMillionOfOneKindTakeNoSquareOfTheTime) {
  for (const char* unit : {" ", "\n", "\r\n", "\u3000", "a", "é", "漢", "!", " \n", "\n ", "'s", "\u0301", "😀"}) {
    std::string text;
    while (text.size() < 1'000'000) text += unit;
    std::size_t num_bytes = 0;
    PreTokenizer({{.expression = kQwen2}}).split(text + "x", [&](std::string_view word) { num_bytes += word.size(); });
    EXPECT_EQ(num_bytes, text.size() + 1);
  }
}

TEST(PreTokenizerTest, AnExpressionThatNeverEndsIsAnError) {
  const std::string text(100, 'a');
  EXPECT_THROW(words("(a+a+)+b", text + "cb"), InvalidInput);
  EXPECT_THROW(words("((a|aa)+)+\\d", text + "c"), InvalidInput);
}

}  // namespace
}  // namespace wedlm
