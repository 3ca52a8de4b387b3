#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/run_wedlm.h"

namespace wedlm {
namespace {

using testing::HasSubstr;

Finished chat(const std::string& lines, std::vector<std::string> arguments = {}) {
  arguments.insert(arguments.begin(), {"chat", "-m", nano_model().string(), "-n", "12", "-t", "0"});
  return run_wedlm(arguments, lines);
}

std::string answer_to(const std::string& raw_prompt) {
  return run_wedlm({"generate", "-m", nano_model().string(), "-q", "-n", "12", "-t", "0", "--raw", "-p", raw_prompt})
      .out;
}

std::string turn(const std::string& role, const std::string& content) {
  return "<|im_start|>" + role + "\n" + content + "<|im_end|>\n";
}

const std::string kAsk = "<|im_start|>assistant\n";

std::string without_newline(std::string text) {
  text.pop_back();
  return text;
}

/// The second answer is that to the whole conversation written out.
TEST(ChatTest, EveryLineIsATurnAndTheHistoryIsKept) {
  const std::string first = answer_to(turn("user", "Count from 1 to 5") + kAsk);
  const std::string second = answer_to(turn("user", "Count from 1 to 5") + turn("assistant", without_newline(first)) +
                                       turn("user", "And on to 9") + kAsk);
  const Finished run = chat("Count from 1 to 5\nAnd on to 9", {"-q"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out, first + second);
  EXPECT_EQ(run.err, "");
}

TEST(ChatTest, ResetForgetsAndSystemIsSet) {
  const std::string alone = answer_to(turn("user", "Hi") + kAsk);
  const std::string with_system = answer_to(turn("system", "Be brief.") + turn("user", "Hi") + kAsk);
  const Finished run = chat("Hi\n/reset\nHi\n/system Be brief.\nHi\n/system\nHi\n", {"-q"});
  EXPECT_EQ(run.out, alone + alone + with_system + alone);
  EXPECT_EQ(chat("Hi\n", {"-q", "--system", "Be brief."}).out, with_system);
}

TEST(ChatTest, CommandsAnswerOnStandardError) {
  const Finished run = chat("/help\n/stats\n\n  \nHi\n/stats\n/exit\nnever asked\n");
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.err, HasSubstr("/reset"));
  EXPECT_THAT(run.err, HasSubstr("There is no answer yet."));
  EXPECT_THAT(run.err, HasSubstr("Tokens generated:"));
  EXPECT_EQ(run.out, answer_to(turn("user", "Hi") + kAsk));
}

TEST(ChatTest, AnUnknownCommandInAPipeIsAnError) {
  const Finished run = chat("/nonsense\n", {"-q"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.num_error_lines(), 1U) << run.err;
  EXPECT_THAT(run.err, HasSubstr("/help"));
}

TEST(ChatTest, ALongConversationForgetsItsOldestTurns) {
  std::string lines;
  for (int i = 0; i < 8; ++i) lines += "Count from 1 to 20 and then from 20 to 1\n";
  const Finished run = chat(lines, {"--max-model-len", "128"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.err, HasSubstr("no longer sees its oldest"));
}

TEST(ChatTest, AMessageThatIsTooLongIsAnError) {
  std::string line;
  for (int i = 0; i < 200; ++i) line += "7 ";
  const Finished run = chat(line + "\n", {"-q", "--max-model-len", "64"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.num_error_lines(), 1U) << run.err;
}

}  // namespace
}  // namespace wedlm
