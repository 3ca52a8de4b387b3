// A system that gives no more threads, memory or files says so in one call; whichever that is, the program ends with
// one line and exit code 3, or goes on where it can do without.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/run_wedlm.h"
#include "tests/support/sanitized.h"

#ifndef WEDLM_IS_SANITIZED

namespace wedlm {
namespace {

namespace fs = std::filesystem;

struct Outcome {
  bool has_failed = false;  // whether there was such a call
  Finished run;
};

Outcome run_with_failure(const std::vector<std::string>& arguments, const std::string& call) {
  const TemporaryFolder folder;
  const fs::path mark = folder.path() / "mark";
  const std::string input = "Hi\n";
  Finished run =
      run_wedlm(arguments, input, {"LD_PRELOAD=" FAILING_CALLS, "FAIL_CALL=" + call, "FAIL_MARK=" + mark.string()});
  return {.has_failed = fs::exists(mark), .run = std::move(run)};
}

/// Lets calls of a kind fail, one in each run, until the program makes no more of them: each from the `first` on, or,
/// with a step, one in so many hundredths of those so far. Returns how many failed.
int expect_survival(const std::vector<std::string>& arguments, const std::string& kind, long first = 1, long step = 0) {
  int num_failures = 0;
  for (long number = first;; number += 1 + number * step / 100) {
    const std::string call = kind + ":" + std::to_string(number);
    SCOPED_TRACE(arguments.front() + " with " + call);
    const auto [has_failed, run] = run_with_failure(arguments, call);
    if (run.exit_code != 0) {
      EXPECT_EQ(run.exit_code, 3) << run.err;
      EXPECT_TRUE(run.err.starts_with("wedlm: ")) << run.err;
      EXPECT_EQ(run.num_error_lines(), 1U) << run.err;
    }
    if (!has_failed || testing::Test::HasFailure()) return num_failures;
    ++num_failures;
  }
}

std::vector<std::string> generate() {
  return {"generate", "-q", "-m", nano_model().string(), "-p", "Hi", "-n", "2", "--threads", "3"};
}

TEST(FailingCallsTest, EveryThread) {
  EXPECT_GE(expect_survival(generate(), "thread"), 3);  // two that compute, and the engine's
  EXPECT_GE(expect_survival(
                {"bench", "-q", "--shape", "nano", "--rows", "1", "--context", "0", "--runs", "1", "--threads", "2"},
                "thread"),
            2);
}

TEST(FailingCallsTest, EveryMap) {
  EXPECT_GE(expect_survival(generate(), "map"), 3);
}

TEST(FailingCallsTest, EveryFile) {
  EXPECT_GE(expect_survival(generate(), "open"), 5);
  EXPECT_GE(expect_survival(generate(), "stat"), 5);
  EXPECT_GE(expect_survival({"chat", "-q", "-m", nano_model().string(), "-n", "2"}, "open"), 5);
}

TEST(FailingCallsTest, AllocationsHereAndThere) {
  constexpr long kBeforeMain = 400;  // what is allocated for constants nobody can catch
  EXPECT_GE(expect_survival(generate(), "memory", kBeforeMain, 20), 15);
}

TEST(FailingCallsTest, AQuantizationLeavesAllOrNothing) {
  for (const std::string kind : {"open", "change"}) {
    for (long number = 1;; ++number) {
      const TemporaryFolder parent;
      const std::string out = (parent.path() / "out").string(), call = kind + ":" + std::to_string(number);
      SCOPED_TRACE(call);
      const auto [has_failed, run] =
          run_with_failure({"quantize", "-q", nano_model().string(), out, "--weights", "int8"}, call);
      EXPECT_TRUE(run.exit_code == 0 || run.exit_code == 3) << run.exit_code << run.err;
      EXPECT_TRUE(fs::exists(out) || run.exit_code != 0);
      EXPECT_TRUE(!fs::exists(out) || run_wedlm({"verify", "-q", out}).exit_code == 0);  // the report may fail
      // What it cannot remove, the next run does.
      EXPECT_EQ(run_wedlm({"quantize", "-q", "--force", nano_model().string(), out, "--weights", "int8"}).exit_code, 0);
      EXPECT_FALSE(fs::exists(out + ".partial"));
      if (!has_failed || HasFailure()) break;
    }
  }
}

}  // namespace
}  // namespace wedlm

#endif
