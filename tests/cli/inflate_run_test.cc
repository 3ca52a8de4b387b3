// `--inflate`: the same answers from a larger shape, and reports that say so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/cli/run_wedlm.h"

namespace wedlm {
namespace {

using testing::HasSubstr;

class InflateRunTest : public testing::Test {
 protected:
  InflateRunTest() {
    std::ofstream(shape_) << R"({"model_type": "qwen3", "vocab_size": 2500, "hidden_size": 1024, "head_dim": 128,
      "intermediate_size": 768, "num_hidden_layers": 6, "num_attention_heads": 8, "num_key_value_heads": 4,
      "max_position_embeddings": 512, "rms_norm_eps": 1e-6, "rope_theta": 10000, "tie_word_embeddings": true})";
  }

  Finished inflated(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"-m", nano_model().string(), "--inflate", shape_});
    return run_wedlm(arguments);
  }

  TemporaryFolder folder_;
  std::string shape_ = (folder_.path() / "config.json").string();
};

TEST_F(InflateRunTest, GenerateAnswersTheSame) {
  // Floats throughout, so that no near tie goes the other way.
  std::vector<std::string> arguments = {
      "generate",        "-t",  "0",         "-n",       "40", "-p", "Count from 1 to 20",
      "--kv-cache-type", "f32", "--backend", "reference"};
  const Finished large = inflated(arguments);
  EXPECT_EQ(large.exit_code, 0) << large.err;
  EXPECT_THAT(large.err, HasSubstr(" inside " + shape_));
  arguments.insert(arguments.end(), {"-m", nano_model().string()});
  EXPECT_EQ(large.out, run_wedlm(arguments).out);
}

TEST_F(InflateRunTest, ReportsNameTheShape) {
  const Finished benchmark = inflated({"benchmark", "--json", "-q", "-n", "8", "--runs", "1"});
  EXPECT_EQ(benchmark.json_lines().at(0).at("inflated_to"), Json(shape_)) << benchmark.err;
  const std::string exercises = test_data("exercises/exercises.jsonl").string();
  const Finished sweep = inflated({"sweep", exercises, "--json", "-q", "-n", "8", "--limit", "1", "-s", "exact"});
  EXPECT_EQ(sweep.json_lines().at(0).at("inflated_to"), Json(shape_)) << sweep.err;
  EXPECT_EQ(sweep.json_lines().at(0).at("settings").as_array().at(1).at("same_text").at("share"), Json(1.0));
}

TEST_F(InflateRunTest, VerifyComparesWithTheSmallModel) {
  const Finished run = inflated({"verify", "--text", (nano_model() / "README.md").string()});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const std::size_t text = run.out.find("text       ok   ");
  ASSERT_NE(text, std::string::npos) << run.out;
  EXPECT_GT(std::stod(run.out.substr(text + 16)), 97) << run.out;  // near ties of bfloat16 may go either way
}

/// Against logits that transformers computed of the small models.
TEST_F(InflateRunTest, LogitsAreThoseThatWereRecordedOfTheSmallModel) {
  const std::string qwen2 = (folder_.path() / "qwen2.json").string();
  std::ofstream(qwen2) << R"({"model_type": "qwen2", "vocab_size": 400, "hidden_size": 448, "head_dim": 64,
      "intermediate_size": 200, "num_hidden_layers": 3, "num_attention_heads": 12, "num_key_value_heads": 3,
      "max_position_embeddings": 512, "rms_norm_eps": 1e-6, "rope_theta": 10000})";
  for (const auto& [name, shape] : {std::pair("qwen3-tied-f32-headdim32", shape_), {"qwen2.5-bias-f16", qwen2}}) {
    const auto checkpoint = test_data("checkpoints") / name;
    const Finished run = run_wedlm({"verify", "-m", checkpoint.string(), "--inflate", shape, "--logits",
                                    (checkpoint / "logits.json").string(), "--tolerance", "1e-4"});
    EXPECT_EQ(run.exit_code, 0) << run.err;
    EXPECT_THAT(run.out, HasSubstr("over 31 rows"));
  }
}

TEST_F(InflateRunTest, WhatDoesNotFitIsSaidInOneLine) {
  const auto refusal = [&](const std::string& shape) {
    const Finished run = run_wedlm({"generate", "-q", "-p", "x", "-m", nano_model().string(), "--inflate", shape});
    EXPECT_EQ(run.exit_code, 2);
    EXPECT_EQ(run.num_error_lines(), 1U) << run.err;
    return run.err;
  };
  EXPECT_THAT(refusal("qwen2.5-7b"), HasSubstr("q/k norms"));
  EXPECT_THAT(refusal("qwen4"), HasSubstr("--inflate: expected nano, qwen3-0.6b"));
}

}  // namespace
}  // namespace wedlm
