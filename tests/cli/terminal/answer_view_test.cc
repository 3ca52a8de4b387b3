#include "cli/terminal/answer_view.h"

#include <gtest/gtest.h>

#include "tests/support/data.h"

namespace wedlm::cli {
namespace {

class AnswerViewTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { use_utf8_locale(); }
  Window::Position guess(const std::string& text) const {
    return {.token = tokenizer_.find(text).value(), .filled = true};
  }

  Tokenizer tokenizer_ = Tokenizer::load(nano_model());
};

TEST_F(AnswerViewTest, ShowsGuessesAndDotsForWhatIsEmpty) {
  const StreamEvent event{.window = {{}, guess("1"), guess(","), {}, guess("\n"), {}}};
  EXPECT_EQ(window_text(event, tokenizer_, 80, false), "·1,·⏎·");
  EXPECT_EQ(window_text(event, tokenizer_, 3, false), "·1,");
  EXPECT_EQ(window_text(event, tokenizer_, 0, false), "");
  EXPECT_EQ(window_text(event, tokenizer_, -5, false), "");
}

TEST_F(AnswerViewTest, RefusedDraftsStandStruckThroughBeforeTheWindow) {
  const StreamEvent event{.window = {guess("1"), {}}, .rejected = {guess("7").token, guess("\n").token}};
  EXPECT_EQ(window_text(event, tokenizer_, 80, true),
            "\x1b[9;31m7\x1b[0m\x1b[9;31m⏎\x1b[0m\x1b[36m1\x1b[0m\x1b[2m·\x1b[0m");
  EXPECT_EQ(window_text(event, tokenizer_, 2, true), "\x1b[9;31m7\x1b[0m\x1b[9;31m⏎\x1b[0m");
  EXPECT_EQ(window_text(event, tokenizer_, 80, false), "1·");
}

TEST_F(AnswerViewTest, EachPartThatWasVerifiedHasItsColour) {
  const StreamEvent event{.text = "one two three",
                          .verified = {{.first_byte = 0, .num_bytes = 3}, {.first_byte = 8, .num_bytes = 5}}};
  EXPECT_EQ(verified_text(event, true), "\x1b[32mone\x1b[0m two \x1b[32mthree\x1b[0m");
  EXPECT_EQ(verified_text(event, false), "one two three");
  EXPECT_EQ(verified_text({.text = "one"}, true), "one");
}

TEST_F(AnswerViewTest, ControlCharactersAndPartsOfCharactersAreShownAsOneLine) {
  const std::vector<TokenId> ids = tokenizer_.encode("\t");
  StreamEvent event;
  for (const TokenId id : ids) event.window.push_back({.token = id, .filled = true});
  const std::string text = window_text(event, tokenizer_, 80, false);
  EXPECT_EQ(text.find('\t'), std::string::npos);
  EXPECT_GT(display_width(text), 0);
}

TEST_F(AnswerViewTest, ColumnsAreCountedAsATerminalDoes) {
  EXPECT_EQ(display_width("abc"), 3);
  EXPECT_EQ(display_width("Ü"), 1);
  EXPECT_EQ(display_width("日本"), 4);
  EXPECT_EQ(display_width("e\u0301"), 1);
  EXPECT_EQ(fit_columns("日本", 3), "日");
  EXPECT_EQ(fit_columns("abc", 2), "ab");
  EXPECT_EQ(fit_columns("abc", 0), "");
}

}  // namespace
}  // namespace wedlm::cli
