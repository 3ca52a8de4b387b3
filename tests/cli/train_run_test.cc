// `wedlm train` through the front door: what it writes answers, goes on where it was interrupted, and loses nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>

#include "tests/cli/run_wedlm.h"

namespace wedlm {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

class TrainRunTest : public testing::Test {
 protected:
  TrainRunTest() {
    std::ofstream file(data_);
    for (int i = 1; i <= 40; ++i) {
      file << R"({"prompt": "Say )" << i << R"(.", "completion": "It is )" << i * 7 << R"(."})"
           << "\n";
    }
  }

  /// Small steps: a pack of a few samples each.
  std::vector<std::string> arguments(const fs::path& out, std::vector<std::string> further = {}) const {
    std::vector<std::string> all = {"train",
                                    "--data",
                                    data_.string(),
                                    "--out",
                                    out.string(),
                                    "--max-length",
                                    "128",
                                    "--accumulate",
                                    "2",
                                    "--epochs",
                                    "1",
                                    "--learning-rate",
                                    "0.001",
                                    "--threads",
                                    "1"};
    all.insert(all.end(), further.begin(), further.end());
    return all;
  }
  Finished train(const fs::path& out, const std::vector<std::string>& further = {}) const {
    return run_wedlm(arguments(out, further));
  }
  /// Losses and gradient norms of all steps, to the last digit.
  static std::vector<std::string> steps_of(const fs::path& out) {
    std::vector<std::string> steps;
    std::ifstream file(out / "metrics.jsonl");
    for (std::string line; std::getline(file, line);) {
      const Json step = parse_json(line, "metrics.jsonl");
      steps.push_back(write_json(step.at("step")) + " " + write_json(step.at("loss")) + " " +
                      write_json(step.at("gradient_norm")));
    }
    return steps;
  }

  TemporaryFolder temporary_;
  fs::path data_ = temporary_.path() / "data.jsonl";
  fs::path out_ = temporary_.path() / "out";
};

TEST_F(TrainRunTest, ADryRunShowsASampleAndWhatARunWouldTake) {
  const Finished run = run_wedlm({"train", "--data", data_.string(), "--dry-run", "--epochs", "2"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.err, HasSubstr("40 samples with"));
  EXPECT_THAT(run.out, AllOf(HasSubstr("learned"), HasSubstr("block 0-"), HasSubstr("[M] for"), HasSubstr(" steps;")));
}

TEST_F(TrainRunTest, SaysWhatIsWrongInOneLine) {
  const auto refused = [](const std::vector<std::string>& words, const char* message) {
    const Finished run = run_wedlm(words);
    EXPECT_EQ(run.exit_code, 2) << message;
    EXPECT_EQ(run.num_error_lines(), 1U) << run.err;
    EXPECT_THAT(run.err, HasSubstr(message));
  };
  refused({"train"}, "name training data: --data FILE.jsonl");
  refused({"train", "--data", data_.string()}, "name a folder for checkpoints and result: -o FOLDER");
  refused({"train", "--data", data_.string() + ":0"}, "a weight: expected a number above 0");
  refused({"train", "--data", data_.string(), "--max-length", "100000", "--dry-run"}, "--max-length: expected at most");
  refused({"train", "--data", data_.string(), "--mask-pattern", "prefix"}, "expected one of random, suffix, mixed");
  std::ofstream(data_, std::ios::app) << "{\"question\": 3}\n";
  refused({"train", "--data", data_.string(), "--dry-run"}, "line 41 of ");
  EXPECT_THAT(run_wedlm({"train", "--data", data_.string(), "--dry-run", "--skip-bad-lines"}).err,
              HasSubstr("1 bad lines were skipped, the first: line 41 of "));
}

#ifdef WEDLM_HAVE_LIBTORCH

TEST_F(TrainRunTest, WritesACheckpointThatAnswersAsItWasTaught) {
  const Finished run = train(out_, {"--epochs", "6", "--learning-rate", "0.003"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out, (out_ / "final").string() + "\n");
  EXPECT_EQ(run_wedlm({"verify", (out_ / "final").string()}).exit_code, 0);
  const auto answer = [](const fs::path& model) {
    return run_wedlm(
               {"generate", "-q", "-m", model.string(), "-p", "Say 3.", "-t", "0", "--autoregressive", "-n", "12"})
        .out;
  };
  EXPECT_THAT(answer(out_ / "final"), testing::StartsWith("It is "));
  EXPECT_THAT(answer(nano_model()), testing::Not(testing::StartsWith("It is ")));
}

TEST_F(TrainRunTest, GoesOnAsIfNothingHadHappened) {
  ASSERT_EQ(train(out_).exit_code, 0);
  const auto whole = steps_of(out_);
  ASSERT_GE(whole.size(), 4U);
  const fs::path cut = temporary_.path() / "cut";
  // Killed between two steps, after more of them than the last checkpoint has.
  {
    Running running(arguments(cut, {"--save-every", "2"}), {});
    while (steps_of(cut).size() < 3) ::usleep(1000);
    ASSERT_EQ(::kill(running.pid(), SIGKILL), 0);
    running.wait();
  }
  EXPECT_THAT(train(cut).err, HasSubstr("--resume goes on with it"));
  EXPECT_THAT(train(cut, {"--resume", "--seed", "43"}).err, HasSubstr("belongs to a run with seed 42"));
  const Finished resumed = train(cut, {"--resume", "--save-every", "2"});
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_EQ(steps_of(cut), whole);
  EXPECT_EQ(read_text(cut / "final" / "model.safetensors"), read_text(out_ / "final" / "model.safetensors"));
}

TEST_F(TrainRunTest, CtrlCSavesAndOneRunHasAFolder) {
  Running running(arguments(out_, {"--epochs", "500"}), {});
  ASSERT_TRUE(running.wait_for_contents(out_ / "metrics.jsonl"));
  EXPECT_THAT(train(out_).err, HasSubstr("another run is training into this folder"));
  ASSERT_EQ(::kill(running.pid(), SIGINT), 0);
  const Finished run = running.wait();
  EXPECT_EQ(run.exit_code, 130);
  EXPECT_THAT(run.err, AllOf(HasSubstr("Interrupted after step"), HasSubstr("--resume goes on")));
  const auto steps = steps_of(out_).size();
  EXPECT_TRUE(fs::exists(out_ / ("checkpoint-" + std::to_string(steps)) / "training_state.safetensors"));
}

TEST_F(TrainRunTest, ALossThatIsNoNumberEndsTheRunAndNamesTheStep) {
  const Finished run = train(out_, {"--learning-rate", "1e30", "--schedule", "constant", "--warmup", "0"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, AllOf(HasSubstr("step "), HasSubstr("is not a finite number")));
}

#else

TEST_F(TrainRunTest, SaysWhatIsMissing) {
  const Finished run = train(out_);
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_THAT(run.err, HasSubstr("libtorch-dev"));
}

#endif

}  // namespace
}  // namespace wedlm
