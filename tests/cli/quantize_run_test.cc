// `wedlm quantize`: what it writes answers as --weights does, and what it cannot write leaves nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>

#include "tests/cli/large_checkpoint.h"
#include "tests/cli/run_wedlm.h"
#include "tests/support/full_disk.h"

namespace wedlm {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class QuantizeRunTest : public testing::Test {
 protected:
  Finished quantize(std::vector<std::string> further) {
    std::vector<std::string> arguments = {"quantize", nano_model().string(), out_.string()};
    arguments.insert(arguments.end(), further.begin(), further.end());
    return run_wedlm(arguments);
  }
  static std::string answer(std::vector<std::string> model, const char* isa) {
    model.insert(model.begin(), {"generate", "-q", "-t", "0", "-n", "40", "-p", "Count from 1 to 20"});
    const Finished run = run_wedlm(model, {}, {std::string("WEDLM_ISA=") + isa});
    EXPECT_EQ(run.exit_code, 0) << run.err;
    return run.out;
  }
  bool has_no_folder() const { return fs::is_empty(parent_.path()); }

  TemporaryFolder parent_;
  fs::path out_ = parent_.path() / "out";
};

TEST_F(QuantizeRunTest, AnswersAreThoseOfRoundingAtLoad) {
  for (const char* lanes : {"8", "16"}) {
    const Finished run = quantize({"--weights", "int4", "--lanes", lanes, "--force"});
    ASSERT_EQ(run.exit_code, 0) << run.err;
    EXPECT_THAT(run.out, HasSubstr("7.6 MB before"));
    EXPECT_EQ(answer({"-m", out_.string()}, "portable"),
              answer({"-m", nano_model().string(), "--weights", "int4"}, "portable"));
  }
  const Finished verified = run_wedlm({"verify", out_.string()});
  EXPECT_EQ(verified.exit_code, 0) << verified.err;
  const Finished info = run_wedlm({"info", "--json", out_.string()});
  EXPECT_EQ(info.json_lines().at(0).at("loaded_weights").as_string(), "int4 in groups of 64, head int8");
}

TEST_F(QuantizeRunTest, SaysWhatItCostsOverAText) {
  const Finished run = quantize({"--weights", "int8", "--text", (nano_model() / "README.md").string()});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("% of next tokens"));
  const std::string line = run.out.substr(run.out.find('\n') + 1);
  EXPECT_GT(std::stod(line), 95);
}

TEST_F(QuantizeRunTest, RefusesInOneLine) {
  const auto expect_refusal = [](const Finished& run, int exit_code, const char* word) {
    EXPECT_EQ(run.exit_code, exit_code);
    EXPECT_EQ(run.num_error_lines(), 1U) << run.err;
    EXPECT_THAT(run.err, HasSubstr(word));
  };
  expect_refusal(quantize({}), 2, "--weights");
  expect_refusal(quantize({"--weights", "bf16"}), 2, "int8, int4");
  expect_refusal(quantize({"--bits", "16"}), 2, "int8, int4");
  expect_refusal(quantize({"--weights", "int8", "--group", "64"}), 2, "--group");
  expect_refusal(quantize({"--weights", "int4", "--group", "48"}), 2, "48");
  expect_refusal(quantize({"--weights", "int4", "--lanes", "12"}), 2, "--lanes");
  expect_refusal(quantize({"--weights", "int4", "--text", "/nonexistent"}), 3, "nonexistent");
  expect_refusal(run_wedlm({"quantize", "/nonexistent", out_.string(), "--weights", "int4"}), 3, "nonexistent");
  expect_refusal(run_wedlm({"quantize", "/", out_.string(), "--weights", "int4"}), 3, "config.json");
  expect_refusal(run_wedlm({"quantize", nano_model().string(), "--weights", "int4"}), 2, "IN OUT");
  EXPECT_TRUE(has_no_folder());
  ASSERT_EQ(quantize({"--bits", "4"}).exit_code, 0);  // as older command lines have it
  expect_refusal(quantize({"--weights", "int4"}), 2, "--force");
  expect_refusal(run_wedlm({"quantize", out_.string(), (parent_.path() / "b").string(), "--weights", "int4"}), 2,
                 "already");
  expect_refusal(run_wedlm({"generate", "-q", "-p", "x", "-m", out_.string(), "--weights", "int8"}), 2, "--weights");
  expect_refusal(run_wedlm({"verify", "-q", out_.string(), "--text", (nano_model() / "README.md").string()}), 2,
                 "--text");
}

TEST_F(QuantizeRunTest, CtrlCLeavesNothing) {
  const TemporaryFolder large;
  write_large_checkpoint(large.path(), {});  // 400 million weights, which take seconds
  Running running({"quantize", large.path().string(), out_.string(), "--weights", "int4"}, {});
  ASSERT_TRUE(running.wait_for_contents(out_.string() + ".partial/model.safetensors")) << running.wait().err;
  ASSERT_EQ(::kill(running.pid(), SIGINT), 0);
  const Finished run = running.wait();
  EXPECT_EQ(run.exit_code, 130);
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(run.err, "Interrupted; nothing was written\n");
  EXPECT_TRUE(has_no_folder());
}

TEST_F(QuantizeRunTest, AFullDiskIsSaidInOneLineAndLeavesNothing) {
  for (const rlim_t bytes : {1'000, 1'000'000}) {  // in the header, in the panels
    const FullDisk disk(bytes);
    const Finished run = quantize({"--weights", "int4"});
    EXPECT_EQ(run.exit_code, 3);
    EXPECT_EQ(run.out, "");
    EXPECT_EQ(run.num_error_lines(), 1U) << run.err;
    EXPECT_THAT(run.err, HasSubstr("cannot write " + out_.string() + ".partial/model.safetensors: File too large"));
    EXPECT_TRUE(has_no_folder());
  }
}

}  // namespace
}  // namespace wedlm
