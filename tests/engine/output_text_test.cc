#include "wedlm/engine/output_text.h"

#include <gtest/gtest.h>

#include "tests/support/data.h"

namespace wedlm {
namespace {

const Tokenizer& tokenizer() {
  static const Tokenizer loaded = Tokenizer::load(nano_model());
  return loaded;
}

/// The text that came out, and whether a stop text ended it. What was shown before the end may never be taken back.
std::pair<std::string, bool> run(const std::string& text, std::vector<std::string> stop) {
  OutputText output(&tokenizer(), std::move(stop));
  std::string shown;
  bool is_stopped = false;
  for (const TokenId token : tokenizer().encode(text)) {
    is_stopped = output.add(token);
    shown += output.take();
    if (is_stopped) break;
  }
  output.finish();
  return {shown + output.take(), is_stopped};
}

using Outcome = std::pair<std::string, bool>;

TEST(OutputTextTest, StopTextsAcrossTokens) {
  const std::string text = "1, 2, 3, 4, 5 apples\n#### 7 and more";
  EXPECT_EQ(run(text, {}), Outcome(text, false));
  EXPECT_EQ(run(text, {"4, 5 ap"}), Outcome("1, 2, 3, ", true));
  EXPECT_EQ(run(text, {"\n####"}), Outcome("1, 2, 3, 4, 5 apples", true));
  EXPECT_EQ(run(text, {"and", "3"}), Outcome("1, 2, ", true));
  EXPECT_EQ(run(text, {", 9"}), Outcome(text, false)) << "what looked like the beginning is shown in the end";
  EXPECT_EQ(run(text, {"more", "moreover"}).first, text.substr(0, text.size() - 4));
  EXPECT_EQ(run("aaab", {"aab"}), Outcome("a", true)) << "a false start inside the true one";
  EXPECT_EQ(run("caf\u00e9 \U0001F600!", {"\U0001F600"}), Outcome("caf\u00e9 ", true));
}

TEST(OutputTextTest, HoldsBackOnlyWhatCouldStop) {
  OutputText output(&tokenizer(), {"cd"});
  for (const TokenId token : tokenizer().encode("ab")) output.add(token);
  EXPECT_EQ(output.take(), "ab");
  for (const TokenId token : tokenizer().encode("c")) output.add(token);
  EXPECT_EQ(output.take(), "");
  output.finish();
  EXPECT_EQ(output.take(), "c");
}

TEST(OutputTextTest, SpecialTokensEndItToo) {
  const std::string text = "1, 2<|im_end|>\n<|im_start|>user<|endoftext|>3, 4";
  const std::string shown = "1, 2\nuser3, 4";
  EXPECT_EQ(run(text, {}), Outcome(shown, false));
  EXPECT_EQ(run(text, {"<|im_end|>"}), Outcome("1, 2", true));
  EXPECT_EQ(run(text, {"<|im_start|>"}), Outcome("1, 2\n", true));
  EXPECT_EQ(run(text, {"<|im_end|>\n<|im_start|>us"}), Outcome("1, 2", true)) << "markup and text together";
  EXPECT_EQ(run(text, {", 2<|im_end|>"}), Outcome("1", true));
  EXPECT_EQ(run(text, {"<|endoftext|>", "<|im_start|>", "absent"}), Outcome("1, 2\n", true)) << "the first of several";
  EXPECT_EQ(run(text, {"<|im_end|>", "2"}), Outcome("1, ", true));
  EXPECT_EQ(run(text, {"<|im_end|><|im_end|>", "<|endoftext|>4"}), Outcome(shown, false));
  EXPECT_EQ(run(text, {"2\nus"}), Outcome("1, ", true)) << "what is shown may stop across what is not";
  EXPECT_EQ(run(text, {"2\nus", "<|im_end|>x"}), Outcome("1, ", true));
  EXPECT_EQ(run(text, {"|>\n", "im_end"}), Outcome(shown, false)) << "a part of a special token is no text";
}

TEST(OutputTextTest, WithoutATokenizerThereIsNoText) {
  OutputText output(nullptr, {});
  EXPECT_FALSE(output.add(5));
  output.finish();
  EXPECT_EQ(output.take(), "");
}

}  // namespace
}  // namespace wedlm
