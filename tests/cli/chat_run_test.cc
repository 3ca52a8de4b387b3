#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

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

TEST(ChatTest, WhatIsMeantAsACommandInAPipeIsAnError) {
  const Finished run = chat("/hlep\n", {"-q"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.num_error_lines(), 1U) << run.err;
  EXPECT_THAT(run.err, HasSubstr("/help"));
}

TEST(ChatTest, OnlyCommandsAreCommands) {
  for (const std::string message : {"/usr/bin", "/usr/bin is a folder", "/nothing of that name", " /help"}) {
    const Finished run = chat(message + "\n", {"-q"});
    EXPECT_EQ(run.out, answer_to(turn("user", message) + kAsk)) << message;
    EXPECT_EQ(run.err, "") << message;
  }
}

TEST(ChatTest, WithMultilineAMessageEndsAtAnEmptyLine) {
  const std::string first = answer_to(turn("user", "Count from\n1 to 5") + kAsk);
  const Finished run =
      chat("Count from\n1 to 5\n\n/reset\n/not\na command\n\n\n/reset\nCount from\n1 to 5", {"-q", "--multiline"});
  EXPECT_EQ(run.err, "");
  EXPECT_EQ(run.out, first + answer_to(turn("user", "/not\na command") + kAsk) + first);
}

/// Types into a terminal in which `wedlm chat` runs, and returns what it wrote to standard output, which is a file.
std::string typed(const std::string& keys) {
  const TemporaryFolder folder;
  const std::string out = (folder.path() / "out").string();
  int terminal = -1;
  const pid_t child = ::forkpty(&terminal, nullptr, nullptr, nullptr);
  if (child == 0) {
    if (std::freopen(out.c_str(), "w", stdout) == nullptr) ::_exit(126);
    ::setenv("TERM", "xterm", 1);
    const std::string model = nano_model().string();
    ::execl(WEDLM_BINARY, WEDLM_BINARY, "chat", "-m", model.c_str(), "-n", "12", "-t", "0", nullptr);
    ::_exit(127);
  }
  std::string shown;
  const auto read_until = [&](std::string_view text) {
    for (char byte = 0; !shown.ends_with(text) && ::read(terminal, &byte, 1) == 1;) shown += byte;
    return shown.ends_with(text);
  };
  EXPECT_TRUE(read_until("> ")) << shown;
  EXPECT_EQ(::write(terminal, keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
  read_until("never shown");  // to the end
  ::waitpid(child, nullptr, 0);
  ::close(terminal);
  return read_text(out);
}

TEST(ChatTest, WhatIsPastedIsOneMessage) {
#ifndef WEDLM_HAVE_LIBEDIT
  GTEST_SKIP() << "built without the line editor, libedit";
#endif
  EXPECT_EQ(typed("\x1b[200~Count from\r1 to é 5\r\n\x1b[201~\r/exit\r"),
            answer_to(turn("user", "Count from\n1 to é 5") + kAsk));
  EXPECT_EQ(typed("Count\rHi\r/exit\r"), chat("Count\nHi\n", {"-q"}).out) << "typed lines are turns";
}

TEST(ChatTest, TheTemplateIsTold) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "t.jinja";
  std::ofstream(file) << "{{ messages[-1].content }}{{ ' think' if enable_thinking }}{{ depth + 1 }}";
  const Finished run =
      chat("Count\n", {"-q", "--template", file.string(), "--think", "on", "--template-arg", "depth=4"});
  EXPECT_EQ(run.out, answer_to("Count think5")) << run.err;
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
