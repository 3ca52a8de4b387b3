#include "wedlm/server/metrics/server_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <sstream>

namespace wedlm::server {
namespace {

/// "name{labels}" to value. Every line has to be of the text format.
std::map<std::string, double> parse(const std::string& text) {
  static const std::regex kSample(R"(([a-zA-Z_:][a-zA-Z0-9_:]*(\{[^}]*\})?) (\S+))");
  static const std::regex kComment(R"(# (HELP|TYPE) [a-zA-Z_:][a-zA-Z0-9_:]* .+)");
  std::map<std::string, double> samples;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::smatch parts;
    if (std::regex_match(line, parts, kSample)) {
      EXPECT_TRUE(samples.emplace(parts[1], std::stod(parts[3])).second) << "twice: " << line;
    } else {
      EXPECT_TRUE(std::regex_match(line, kComment)) << line;
    }
  }
  return samples;
}

Result result() {
  Result result{.finish_reason = FinishReason::kLength};
  result.stats = {.prompt_tokens = 10,
                  .generated_tokens = 12,
                  .first_tokens = 2,
                  .prefill_forwards = 1,
                  .decode_forwards = 4,
                  .prompt_rows = 9,
                  .decode_rows = 30,
                  .drafts = {.verified = {4, 3}, .accepted = {3, 1}},
                  .queue_seconds = 0.5,
                  .prefill_seconds = 1,
                  .decode_seconds = 2,
                  .time_to_first_token_seconds = 1.5};
  return result;
}

ServerMetrics::State state() {
  ServerMetrics::State state{.model_name = "nano"};
  EngineStats& engine = state.engine;
  // Two answers decoded in the first step, 4 and 1 tokens; one in the second, none.
  engine.add(
      {.rows = 50, .prompt_rows = 20, .prompt_tokens = 30, .window_rows = 16, .filled_rows = 6, .generated = {4, 1}});
  engine.add({.rows = 20, .prompt_rows = 12, .window_rows = 8, .filled_rows = 3, .generated = {0}});
  engine.drafts = {.verified = {4, 3}, .accepted = {3, 1}, .num_computed = 9};
  engine.preemptions = 1;
  engine.num_waiting = 2;
  engine.num_running = 3;
  engine.num_blocks = 40;
  engine.num_free_blocks = 30;
  return state;
}

TEST(ServerMetricsTest, AnswersAreCounted) {
  ServerMetrics metrics;
  metrics.answer_began(2, 100);
  metrics.first_tokens_came(1.5);
  metrics.more_tokens_came(4, 0.2);
  metrics.answer_finished(result());
  metrics.answer_finished(result());
  metrics.call_aborted();
  metrics.members_ignored(3);
  metrics.request_ended("/chat/completions", 200, 0.1);
  metrics.request_ended("/chat/completions", 400, 0.1);
  const auto samples = parse(metrics.text(state()));
  const auto value = [&](const std::string& name, const std::string& labels = "") {
    const std::string key = name + "{model_name=\"nano\"" + (labels.empty() ? "" : "," + labels) + "}";
    const auto found = samples.find(key);
    EXPECT_NE(found, samples.end()) << key;
    return found == samples.end() ? -1 : found->second;
  };
  EXPECT_EQ(value("vllm:request_success_total", "finished_reason=\"length\""), 2);
  EXPECT_EQ(value("vllm:request_success_total", "finished_reason=\"stop\""), 0);
  EXPECT_EQ(value("vllm:time_to_first_token_seconds_count"), 1);
  EXPECT_EQ(value("vllm:time_to_first_token_seconds_sum"), 1.5);
  EXPECT_EQ(value("vllm:inter_token_latency_seconds_count"), 4) << "those of an event share its time";
  EXPECT_NEAR(value("vllm:inter_token_latency_seconds_sum"), 0.2, 1e-9);
  EXPECT_NEAR(value("vllm:time_per_output_token_seconds_sum"), 0.2, 1e-9) << "by its older name, too";
  EXPECT_NEAR(value("vllm:request_time_per_output_token_seconds_sum"), 2 * 2.0 / 10, 1e-9);
  EXPECT_EQ(value("vllm:e2e_request_latency_seconds_sum"), 7);
  EXPECT_EQ(value("wedlm:cacheability_ratio_sum"), 2 * 12.0 / 30);
  EXPECT_EQ(value("wedlm:aborted_requests_total"), 1);
  EXPECT_EQ(value("wedlm:unknown_members_total"), 3);
  EXPECT_EQ(value("wedlm:http_requests_total", "route=\"/chat/completions\",status=\"400\""), 1);
}

TEST(ServerMetricsTest, TheEngineIsAsItIs) {
  ServerMetrics metrics;
  auto samples = parse(metrics.text(state()));
  EXPECT_EQ(samples["vllm:num_requests_running{model_name=\"nano\"}"], 3);
  EXPECT_EQ(samples["vllm:num_requests_waiting{model_name=\"nano\"}"], 2);
  EXPECT_EQ(samples["vllm:kv_cache_usage_perc{model_name=\"nano\"}"], 0.25);
  EXPECT_EQ(samples["wedlm:kv_pages_used{model_name=\"nano\"}"], 10);
  EXPECT_EQ(samples["wedlm:ready{model_name=\"nano\"}"], 1);
  ServerMetrics::State later = state();
  later.is_ready = false;
  samples = parse(metrics.text(later));
  EXPECT_EQ(samples["wedlm:ready{model_name=\"nano\"}"], 0);
}

TEST(ServerMetricsTest, TotalsOfTheEngineAreTold) {
  ServerMetrics metrics;
  auto samples = parse(metrics.text(state()));
  const auto value = [&](const std::string& name, const std::string& labels = "") {
    return samples.at(name + "{model_name=\"nano\"" + labels + "}");
  };
  EXPECT_EQ(value("vllm:prompt_tokens_total"), 30);
  EXPECT_EQ(value("vllm:generation_tokens_total"), 5);
  EXPECT_EQ(value("wedlm:steps_total"), 2);
  EXPECT_EQ(value("wedlm:rows_total"), 70);
  EXPECT_EQ(value("wedlm:decode_forwards_total"), 3);
  EXPECT_EQ(value("wedlm:window_rows_total"), 24);
  EXPECT_EQ(value("wedlm:window_filled_rows_total"), 9);
  EXPECT_EQ(value("wedlm:step_rows_bucket", ",le=\"32\""), 1);
  EXPECT_EQ(value("wedlm:step_rows_bucket", ",le=\"64\""), 2);
  EXPECT_EQ(value("vllm:iteration_tokens_total_sum"), 25 + 12);
  EXPECT_EQ(value("wedlm:tokens_per_forward_bucket", ",le=\"0\""), 1);
  EXPECT_EQ(value("wedlm:tokens_per_forward_bucket", ",le=\"1\""), 2);
  EXPECT_EQ(value("wedlm:tokens_per_forward_count"), 3);
  EXPECT_EQ(value("wedlm:tokens_per_forward_sum"), 5);
  EXPECT_EQ(value("vllm:spec_decode_num_drafts_total"), 4);
  EXPECT_EQ(value("vllm:spec_decode_num_draft_tokens_total"), 9);
  EXPECT_EQ(value("vllm:spec_decode_num_accepted_tokens_total"), 4);
  EXPECT_EQ(value("vllm:spec_decode_num_accepted_tokens_per_pos_total", ",position=\"1\""), 1);
  EXPECT_EQ(value("wedlm:drafts_verified_per_pos_total", ",position=\"1\""), 3);
}

TEST(ServerMetricsTest, CountersNeverFallAndAreNotCountedTwice) {
  ServerMetrics metrics;
  auto first = parse(metrics.text(state()));
  const auto again = parse(metrics.text(state()));
  ServerMetrics::State later = state();
  later.engine.add({.rows = 5000, .window_rows = 4, .generated = {1, 2}});
  later.engine.drafts.add({.verified = {1, 1, 1}, .accepted = {1, 1, 1}, .num_computed = 3});
  metrics.answer_finished(result());
  auto second = parse(metrics.text(later));
  for (const auto& [name, value] : first) {
    if (name.starts_with("process_")) continue;
    EXPECT_EQ(again.at(name), value) << name;
    EXPECT_GE(second.at(name), value) << name;
  }
  EXPECT_EQ(second["vllm:generation_tokens_total{model_name=\"nano\"}"], 8);
  EXPECT_EQ(second["wedlm:step_rows_count{model_name=\"nano\"}"], 3);
  EXPECT_EQ(second["wedlm:step_rows_sum{model_name=\"nano\"}"], 5070);
  EXPECT_EQ(second["wedlm:drafts_verified_per_pos_total{model_name=\"nano\",position=\"2\"}"], 1);
}

TEST(ServerMetricsTest, TheProcessIsSeenBeforeTheModelIs) {
  ServerMetrics metrics;
  auto samples = parse(metrics.text(std::nullopt));
  EXPECT_EQ(samples["wedlm:ready"], 0);
  EXPECT_GT(samples["process_resident_memory_bytes"], 1e6);
  EXPECT_GT(samples["process_open_fds"], 2);
  EXPECT_GT(samples["process_start_time_seconds"], 1.7e9);
  EXPECT_GE(samples["process_cpu_seconds_total"], 0);
}

}  // namespace
}  // namespace wedlm::server
