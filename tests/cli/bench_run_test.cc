// `wedlm bench` as a person runs it: that its figures are there and fit together. How large they are is the machine's
// business.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>

#include "tests/cli/run_wedlm.h"

namespace wedlm {
namespace {

using testing::HasSubstr;

Json bench_json(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"bench", "--json", "--threads", "2"});
  const Finished run = run_wedlm(arguments);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.json_lines().size(), 1U);
  return run.json_lines().at(0);
}

double number(const Json& json, std::string_view key) {
  return json.at(key).as_number();
}

/// What every result has to keep, whatever was measured.
void expect_consistent(const Json& bench, const Json& result) {
  const double ms = number(result, "ms");
  const double bytes = number(result, "bytes");
  EXPECT_GT(ms, 0);
  EXPECT_NEAR(number(result, "limit_ms"), bytes * 1e-6 / number(bench, "bandwidth_gb_per_s"), 1e-9);
  EXPECT_NEAR(number(result, "ratio_to_limit"), ms / number(result, "limit_ms"), 1e-6);
  EXPECT_NEAR(number(result, "gb_per_s"), bytes * 1e-6 / ms, 1e-6);
  EXPECT_NEAR(number(result, "share_of_bandwidth") * number(result, "ratio_to_limit"), 1, 1e-6);
  const Json& by_op = result.at("ms_by_op");
  double sum = 0;
  for (const JsonMember& member : by_op.as_object()) {
    // Logits are read while the head's product is made, and that is the head's time.
    EXPECT_GE(member.value.as_number(), member.key == "logits" ? 0 : 1e-9) << member.key;
    sum += member.value.as_number();
  }
  EXPECT_NEAR(sum, ms, 1e-6);
  const double not_matmul = number(by_op, "attention") + number(by_op, "other") + number(by_op, "logits");
  EXPECT_NEAR(number(result, "share_not_matmul"), not_matmul / ms, 1e-6);
  double one_row_ms = 0;
  for (const Json& other : bench.at("results").as_array()) {
    const bool is_one_row = other.at("rows") == Json(1) && other.find("prefill_share_of_peak") == nullptr;
    if (is_one_row && other.at("weights") == result.at("weights") && other.at("context") == result.at("context")) {
      one_row_ms = number(other, "ms");
    }
  }
  EXPECT_NEAR(number(result, "ratio_to_one_row"), ms / one_row_ms, 1e-6);
}

TEST(BenchTest, FiguresAreThereAndFitTogether) {
  const Json bench = bench_json({"--shape", "nano", "--weights", "bf16,f32", "--rows", "3,16,3", "--context", "40,0",
                                 "--prefill", "50", "--runs", "2"});
  EXPECT_EQ(bench.at("shape"), Json("nano"));
  EXPECT_EQ(bench.at("threads"), Json(2));
  EXPECT_EQ(bench.at("runs"), Json(2));
  EXPECT_EQ(bench.at("kv_cache_type"), Json("bf16"));
  EXPECT_GT(number(bench, "bandwidth_gb_per_s"), 0);
  const Json& peak = bench.at("peaks").as_array().at(0);
  EXPECT_GT(number(peak, "tflops"), 0);
  EXPECT_THAT(peak.at("multiplier").as_string(), HasSubstr("bits wide"));
  std::vector<std::string> seen;
  for (const Json& result : bench.at("results").as_array()) {
    expect_consistent(bench, result);
    seen.push_back(result.at("weights").as_string() + " " + std::to_string(result.at("context").as_integer()) + " " +
                   std::to_string(result.at("rows").as_integer()));
    const Json* prefill = result.find("prefill_share_of_peak");
    EXPECT_EQ(prefill != nullptr, result.at("rows") == Json(50));
    if (prefill != nullptr) {
      EXPECT_EQ(*prefill, result.at("share_of_peak"));
    }
    // A tied model reads each parameter once; norms and biases are float32 wherever they came from.
    const std::int64_t element = result.at("weights") == Json("f32") ? 4 : 2;
    const std::int64_t vectors = 5 * (2 * 256 + 2 * 64) + 256;
    const std::int64_t rows = result.at("rows").as_integer(), context = result.at("context").as_integer();
    EXPECT_EQ(number(result, "bytes"),
              static_cast<double>((bench.at("parameters").as_integer() - vectors) * element + vectors * 4 +
                                  rows * 256 * element + context * 5 * 2 * 2 * 64 * 2));
  }
  EXPECT_THAT(seen, testing::ElementsAre("bf16 0 1", "bf16 0 3", "bf16 0 16", "bf16 40 1", "bf16 40 3", "bf16 40 16",
                                         "bf16 0 50", "f32 0 1", "f32 0 3", "f32 0 16", "f32 40 1", "f32 40 3",
                                         "f32 40 16", "f32 0 50"));
}

TEST(BenchTest, TheInstructionSetIsTheOneThatRan) {
  const Finished run =
      run_wedlm({"bench", "--json", "-q", "--shape", "nano", "--rows", "1", "--context", "0", "--runs", "1"}, {},
                {"WEDLM_ISA=portable", "WEDLM_THREADS=1"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.err, "");
  EXPECT_EQ(run.json_lines().at(0).at("isa"), Json("portable"));
  EXPECT_EQ(run.json_lines().at(0).at("threads"), Json(1));
}

TEST(BenchTest, TakesTheShapeOfAConfiguration) {
  const std::string folder = test_data("checkpoints/qwen2.5-bias-f16").string();
  for (const std::string& shape : {folder, folder + "/config.json"}) {
    const Json bench = bench_json({"--shape", shape, "--rows", "2", "--context", "8", "--runs", "1"});
    const Json config = parse_json(read_text(folder + "/config.json"), "config.json");
    EXPECT_EQ(bench.at("shape").as_string(), shape);
    EXPECT_GT(bench.at("parameters").as_integer(),
              2 * config.at("vocab_size").as_integer() * config.at("hidden_size").as_integer() / 2);
    for (const Json& result : bench.at("results").as_array()) expect_consistent(bench, result);
  }
}

TEST(BenchTest, TheTableHasALineForEachNumberOfRows) {
  const Finished run =
      run_wedlm({"bench", "--shape", "nano", "--rows", "1,7", "--context", "9", "--prefill", "33", "--runs", "1"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("GB/s"));
  EXPECT_THAT(run.out, HasSubstr("\nbf16, context 9\n"));
  EXPECT_THAT(run.out, HasSubstr("\n     7 "));
  EXPECT_THAT(run.out, HasSubstr("prefill"));
  EXPECT_THAT(run.out, HasSubstr("\n    33 "));
  EXPECT_THAT(run.err, HasSubstr("random weights as bf16"));
  EXPECT_THAT(run.err, HasSubstr("Run 1 of 1"));
}

TEST(BenchTest, WhatDoesNotFitInMemoryIsSaidBefore) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "config.json") << R"({"model_type": "qwen3", "vocab_size": 151936, "hidden_size": 16384,
    "intermediate_size": 53248, "num_hidden_layers": 4000, "num_attention_heads": 128, "num_key_value_heads": 8,
    "head_dim": 128, "max_position_embeddings": 40960, "rms_norm_eps": 1e-6, "rope_theta": 1e6})";
  const Finished run = run_wedlm({"bench", "--shape", folder.path().string()});
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_EQ(run.num_error_lines(), 1U) << run.err;
  EXPECT_THAT(run.err, HasSubstr("TB of memory"));
  EXPECT_EQ(run.out, "");
}

TEST(BenchTest, CtrlCShowsTheRunsThatWereWhole) {
  Running running({"bench", "--shape", "nano", "--rows", "1", "--context", "0", "--runs", "10000", "--json"}, {});
  ::usleep(3 * 1000 * 1000);
  ASSERT_EQ(::kill(running.pid(), SIGINT), 0);
  const Finished run = running.wait();
  EXPECT_EQ(run.exit_code, 130);
  ASSERT_EQ(run.json_lines().size(), 1U) << run.err;
  EXPECT_GT(run.json_lines()[0].at("runs").as_integer(), 0);
  EXPECT_LT(run.json_lines()[0].at("runs").as_integer(), 10000);
}

}  // namespace
}  // namespace wedlm
