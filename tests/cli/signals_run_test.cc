#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "tests/cli/run_wedlm.h"

namespace wedlm {
namespace {

using testing::HasSubstr;

/// Slow enough to be interrupted: thousands of forwards of the reference backend.
std::vector<std::string> long_request() {
  return {"generate",     "-m",        nano_model().string(),
          "--backend",    "reference", "--autoregressive",
          "--ignore-eos", "-n",        "2000",
          "-p",           "Count"};
}

TEST(SignalsTest, CtrlCEndsTheAnswerAndPrintsWhatThereIs) {
  Running running(long_request(), {});
  ASSERT_TRUE(running.wait_for_output());
  ASSERT_EQ(::kill(running.pid(), SIGINT), 0);
  const Finished run = running.wait();
  EXPECT_EQ(run.exit_code, 130);
  EXPECT_TRUE(run.out.ends_with("\n"));
  EXPECT_THAT(run.err, HasSubstr("(cancelled)"));
}

TEST(SignalsTest, CtrlCCancelsEveryPromptOfABatch) {
  std::vector<std::string> arguments = long_request();
  arguments.insert(arguments.end(), {"-p", "Hi", "-p", "Solve", "--json"});
  Running running(arguments, {});
  ::usleep(1000 * 1000);
  ASSERT_EQ(::kill(running.pid(), SIGINT), 0);
  const Finished run = running.wait();
  EXPECT_EQ(run.exit_code, 130);
  for (const Json& answer : run.json_lines()) EXPECT_EQ(answer.at("finish_reason").as_string(), "cancelled");
}

TEST(SignalsTest, CtrlCBeforeTheWorkBeginsEndsIt) {
  // A keyboard that never comes: standard input is a pipe that stays open.
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(ends[0], STDIN_FILENO);
    ::execl(WEDLM_BINARY, WEDLM_BINARY, "generate", nullptr);
    ::_exit(127);
  }
  ::usleep(300 * 1000);
  ASSERT_EQ(::kill(child, SIGINT), 0);
  int status = 0;
  ::waitpid(child, &status, 0);
  ::close(ends[0]);
  ::close(ends[1]);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 130);
}

/// Whoever reads a page behind the end of a mapped file is sent SIGBUS.
TEST(SignalsTest, WeightsThatAreCutInUseAreSaid) {
  const TemporaryFolder folder;
  std::filesystem::copy(nano_model(), folder.path());
  const std::filesystem::path weights = folder.path() / "model.safetensors";
  std::vector<std::string> arguments = long_request();
  arguments[2] = folder.path().string();
  Running running(arguments, {});
  ASSERT_TRUE(running.wait_for_output());
  std::filesystem::resize_file(weights, 4096);  // the embeddings are read where they are mapped
  const Finished run = running.wait();
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_THAT(run.err, HasSubstr("wedlm: cannot read " + weights.string() + ": it was cut"));
}

TEST(SignalsTest, AReaderThatLeavesEndsItQuietly) {
  const TemporaryFolder folder;
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const std::string errors = (folder.path() / "err").string();
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    ::dup2(ends[1], STDOUT_FILENO);
    ::close(ends[1]);
    if (std::freopen(errors.c_str(), "w", stderr) == nullptr) ::_exit(126);
    const std::string model = nano_model().string();
    ::execl(WEDLM_BINARY, WEDLM_BINARY, "generate", "-q", "-m", model.c_str(), "--ignore-eos", "-n", "500", "-p",
            "Count", nullptr);
    ::_exit(127);
  }
  ::close(ends[1]);
  char byte = 0;
  EXPECT_EQ(::read(ends[0], &byte, 1), 1);
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 141);
  EXPECT_EQ(read_text(errors), "");
}

TEST(SignalsTest, AFullDiskIsSaid) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (std::freopen("/dev/full", "w", stdout) == nullptr) ::_exit(126);
    ::execl(WEDLM_BINARY, WEDLM_BINARY, "--version", nullptr);
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 3);
}

}  // namespace
}  // namespace wedlm
