#include "wedlm/frontend/result_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "wedlm/base/error.h"
#include "wedlm/frontend/read_result.h"

namespace wedlm {
namespace {

Result example() {
  Result result;
  result.token_ids = {5, 6, 7};
  result.text = "five";
  result.finish_reason = FinishReason::kLength;
  result.seed = 99;
  RequestStats& stats = result.stats;
  stats.prompt_tokens = 11;
  stats.cached_prompt_tokens = 1;
  stats.generated_tokens = 24;
  stats.first_tokens = 4;
  stats.prefill_forwards = 2;
  stats.decode_forwards = 8;
  stats.prompt_rows = 10;
  stats.decode_rows = 96;
  stats.preemptions = 3;
  stats.drafts.verified = {6, 2};
  stats.drafts.accepted = {3, 1};
  stats.queue_seconds = 0.25;
  stats.prefill_seconds = 0.5;
  stats.decode_seconds = 2;
  stats.time_to_first_token_seconds = 0.75;
  return result;
}

TEST(RequestStatsTest, SpeedsAreOfTheTokensThatTheirTimeWasSpentOn) {
  RequestStats stats = example().stats;
  EXPECT_DOUBLE_EQ(stats.speed(), 24 / 2.5);
  EXPECT_DOUBLE_EQ(stats.prefill_speed(), 20);
  EXPECT_EQ(stats.num_later_tokens(), 20) << "four came with the first decoding forward, in the prompt's time";
  EXPECT_DOUBLE_EQ(stats.decode_speed(), 10);
  stats.first_tokens = 0;  // that forward gave none
  EXPECT_EQ(stats.num_later_tokens(), 24);
  EXPECT_EQ(RequestStats{}.speed(), 0);
  EXPECT_EQ(RequestStats{}.decode_speed(), 0);
}

TEST(ResultJsonTest, JsonHasTheDocumentedMembersInTheirOrder) {
  EXPECT_EQ(
      write_json(result_json(example(), 2)),
      R"({"index":2,"text":"five","token_ids":[5,6,7],"prompt_tokens":11,"finish_reason":"length","seed":99,)"
      R"("stats":{"forwards":10,"prefill_forwards":2,"decode_forwards":8,"rows":106,"prompt_rows":10,"decode_rows":96,)"
      R"("tokens":24,"first_tokens":4,"tokens_per_forward":3.0,"cacheability":0.25,"rows_per_forward":12.0,)"
      R"("forwards_saved":16,"drafts_verified":[6,2],"drafts_accepted":[3,1],"prefill_seconds":0.5,)"
      R"("decode_seconds":2.0,"time_to_first_token":0.75,"queue_seconds":0.25,"prefill_speed":20.0,)"
      R"("decode_speed":10.0,"cached_prompt_tokens":1,"preemptions":3}})");
}

TEST(ResultJsonTest, GoesThroughJsonAndBack) {
  Result result = example();
  result.finish_reason = FinishReason::kError;
  result.error = "why";
  const Json json = result_json(result, 0);
  const Result back = result_of_json(parse_json(write_json(json), "test"));
  EXPECT_EQ(result_json(back, 0), json) << "and so every figure that follows from others";
  EXPECT_EQ(back.error, "why");
  EXPECT_THROW(check_result(back, "the test"), InternalError);
  EXPECT_NO_THROW(check_result(example(), "the test"));
}

TEST(ResultJsonTest, LogProbabilitiesAreThereWhereTheyWereAskedFor) {
  Result result = example();
  EXPECT_EQ(result_json(result, 0).find("logprobs"), nullptr);
  const float none = -std::numeric_limits<float>::infinity();
  result.scores = {{.log_prob = -0.5F, .alternatives = {{.token = 5, .log_prob = -0.5F}, {.token = 9, .log_prob = -1}}},
                   {.log_prob = none, .alternatives = {}}};
  const Json json = result_json(result, 0);
  EXPECT_EQ(write_json(json.at("logprobs")),
            R"([{"logprob":-0.5,"top":[{"token_id":5,"logprob":-0.5},{"token_id":9,"logprob":-1.0}]},)"
            R"({"logprob":null,"top":[]}])");
  const Result back = result_of_json(parse_json(write_json(json), "test"));
  ASSERT_EQ(back.scores.size(), 2U);
  EXPECT_EQ(back.scores[0].alternatives[1].token, 9);
  EXPECT_EQ(back.scores[1].log_prob, none);
}

TEST(ResultJsonTest, WhatIsMissingOrOfAnotherKindIsNamed) {
  const auto error_of = [](std::string_view from, std::string_view to) {
    std::string text = write_json(result_json(example(), 0));
    text.replace(text.find(from), from.size(), to);
    try {
      result_of_json(parse_json(text, "test"));
    } catch (const InvalidInput& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_THAT(error_of("\"seed\"", "\"sad\""), testing::HasSubstr("missing key 'seed'"));
  EXPECT_THAT(error_of("\"length\"", "\"long\""), testing::StartsWith("finish_reason: expected one of stop, length"));
  EXPECT_THAT(error_of("\"tokens\":24", "\"tokens\":\"x\""), testing::StartsWith("stats: tokens: expected an integer"));
  EXPECT_THAT(error_of("\"preemptions\"", "\"exemptions\""), testing::HasSubstr("preemptions"));
}

}  // namespace
}  // namespace wedlm
