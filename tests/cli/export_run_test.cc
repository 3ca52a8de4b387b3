// `wedlm export`: a file that is there whole or not at all, and refusals in one line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>

#include "tests/cli/run_wedlm.h"
#include "tests/support/full_disk.h"

namespace wedlm {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class ExportRunTest : public testing::Test {
 protected:
  std::vector<std::string> arguments(const std::vector<std::string>& further = {}) const {
    std::vector<std::string> all = {"export", "-m", nano_model().string(), "--gguf", out_.string()};
    all.insert(all.end(), further.begin(), further.end());
    return all;
  }
  Finished exported(const std::vector<std::string>& further = {}) const { return run_wedlm(arguments(further)); }

  TemporaryFolder folder_;
  fs::path out_ = folder_.path() / "x.gguf";
};

void expect_refusal(const Finished& run, int exit_code, const std::string& word) {
  EXPECT_EQ(run.exit_code, exit_code);
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(run.num_error_lines(), 1U) << run.err;
  EXPECT_THAT(run.err, HasSubstr(word));
}

TEST_F(ExportRunTest, WritesAndSaysSo) {
  const Finished run = exported();
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.err, HasSubstr("Wrote " + out_.string() + ", 7.6 MB, in "));
  EXPECT_TRUE(read_text(out_).starts_with("GGUF"));
  const auto whole = fs::file_size(out_);
  EXPECT_EQ(exported({"--type", "q4_0", "--force", "-q"}).err, "");
  EXPECT_LT(fs::file_size(out_), whole / 2);
}

TEST_F(ExportRunTest, RefusesInOneLine) {
  expect_refusal(run_wedlm({"export", "-m", nano_model().string()}), 2, "--gguf");
  expect_refusal(exported({"--type", "q5_k"}), 2, "--type: expected one of bf16, f16, q8_0");
  expect_refusal(exported({"--inflate", "qwen2.5-7b"}), 2, "q/k norms");
  expect_refusal(exported({"--inflate", "gpt"}), 2, "--inflate: expected nano");
  expect_refusal(run_wedlm({"export", "-m", "/nonexistent", "--gguf", out_.string()}), 3, "nonexistent");
  const fs::path nowhere = folder_.path() / "no" / "x.gguf";
  expect_refusal(run_wedlm({"export", "-m", nano_model().string(), "--gguf", nowhere.string()}), 3, nowhere.string());
  EXPECT_TRUE(fs::is_empty(folder_.path()));
  const fs::path quantized = folder_.path() / "quantized";
  ASSERT_EQ(run_wedlm({"quantize", nano_model().string(), quantized.string(), "--weights", "int8"}).exit_code, 0);
  expect_refusal(run_wedlm({"export", "-m", quantized.string(), "--gguf", out_.string()}), 2, "is quantized");
  std::ofstream(out_) << "something else";
  expect_refusal(exported(), 2, "--force");
  expect_refusal(exported({"--force"}), 2, "no GGUF file");
}

TEST_F(ExportRunTest, CtrlCLeavesNothing) {
  Running running(arguments({"--inflate", "qwen3-0.6b", "--type", "f32"}), {});
  ASSERT_TRUE(running.wait_for_contents(out_.string() + ".partial")) << running.wait().err;
  ASSERT_EQ(::kill(running.pid(), SIGINT), 0);
  const Finished run = running.wait();
  EXPECT_EQ(run.exit_code, 130);
  EXPECT_EQ(run.err, "Interrupted; nothing was written\n");
  EXPECT_TRUE(fs::is_empty(folder_.path()));
}

TEST_F(ExportRunTest, AFullDiskIsSaidInOneLineAndLeavesNothing) {
  const FullDisk disk(1'000'000);
  expect_refusal(exported(), 3, "cannot write " + out_.string() + ": File too large");
  EXPECT_TRUE(fs::is_empty(folder_.path()));
}

}  // namespace
}  // namespace wedlm
