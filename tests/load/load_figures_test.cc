#include "wedlm/load/load_figures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wedlm::load {
namespace {

using testing::HasSubstr;
using testing::Not;

/// An answer of 5 tokens in 3 events: at 1 s, 2 s and 4 s.
Outcome success(double total_seconds = 5) {
  return {.total_seconds = total_seconds,
          .status = 200,
          .answer = {.num_text_events = 3,
                     .first_text_seconds = 1,
                     .last_text_seconds = 4,
                     .event_gaps = {1, 2},
                     .usage = TokenUsage{.prompt_tokens = 10, .cached_prompt_tokens = 4, .output_tokens = 5},
                     .finish_reason = "length",
                     .is_done = true}};
}

Outcome failure(Ending ending, int status, const std::string& message) {
  return {.total_seconds = 100, .ending = ending, .status = status, .message = message};
}

TEST(LoadFiguresTest, RatesAndTimesAreThoseOfWhatWentWell) {
  const LoadFigures figures = load_figures({.outcomes = {success(5), success(7), failure(Ending::kStatus, 429, "full"),
                                                         failure(Ending::kCancelled, 200, "")},
                                            .seconds = 8});
  EXPECT_EQ(figures.num_succeeded, 2);
  EXPECT_EQ(figures.num_failed, 1);
  EXPECT_EQ(figures.num_cancelled, 1);
  EXPECT_EQ(figures.requests_per_second, 0.25);
  EXPECT_EQ(figures.prompt_tokens, 20);
  EXPECT_EQ(figures.cached_prompt_tokens, 8);
  EXPECT_EQ(figures.output_tokens, 10);
  EXPECT_EQ(figures.output_tokens_per_second, 1.25);
  EXPECT_EQ(figures.total_tokens_per_second, 3.75);
  EXPECT_DOUBLE_EQ(figures.tokens_per_event, 10.0 / 6);
  EXPECT_EQ(figures.tokens_from, TokensFrom::kUsage);
  EXPECT_EQ(figures.first_token->median, 1);
  EXPECT_EQ(figures.per_token->median, 0.75);  // (4 - 1) s over the 4 tokens after the first
  EXPECT_EQ(figures.between_events->count, 4U);
  EXPECT_EQ(figures.between_events->mean, 1.5);
  EXPECT_EQ(figures.total->median, 6);
  EXPECT_FALSE(figures.wait);
}

TEST(LoadFiguresTest, FailuresAreCountedByKindWithTheFirstMessage) {
  const LoadFigures figures =
      load_figures({.outcomes = {failure(Ending::kStatus, 429, "full"), failure(Ending::kStatus, 429, "still full"),
                                 failure(Ending::kStatus, 500, "oops"), failure(Ending::kConnection, 0, "reset"),
                                 failure(Ending::kTimeout, 200, "late"), failure(Ending::kBrokenStream, 200, "cut")},
                    .seconds = 1});
  EXPECT_EQ(figures.num_failed, 6);
  EXPECT_EQ(figures.failures.at("HTTP 429").count, 2);
  EXPECT_EQ(figures.failures.at("HTTP 429").example, "full");
  EXPECT_EQ(figures.failures.at("HTTP 500").count, 1);
  EXPECT_EQ(figures.failures.at("connection").example, "reset");
  EXPECT_EQ(figures.failures.at("timeout").example, "late");
  EXPECT_EQ(figures.failures.at("broken stream").example, "cut");
  EXPECT_FALSE(figures.total);
  const std::string table = load_table(figures);
  EXPECT_THAT(table, HasSubstr("0 requests answered, 6 failed, in 1.00 s"));
  EXPECT_THAT(table, HasSubstr("2 x HTTP 429, one of them: full"));
  EXPECT_THAT(table, Not(HasSubstr("milliseconds")));
}

TEST(LoadFiguresTest, WithoutUsageEventsAreCounted) {
  Outcome outcome = success();
  outcome.answer.usage.reset();
  LoadFigures figures = load_figures({.outcomes = {outcome}, .seconds = 1});
  EXPECT_EQ(figures.tokens_from, TokensFrom::kEvents);
  EXPECT_EQ(figures.output_tokens, 3);
  EXPECT_EQ(figures.prompt_tokens, 0);
  EXPECT_EQ(figures.per_token->mean, 1.5);
  EXPECT_THAT(load_table(figures), HasSubstr("no usage"));
  EXPECT_EQ(load_json(figures).at("tokens_from").as_string(), "events");

  outcome.answer = {.is_done = true};  // not streamed
  figures = load_figures({.outcomes = {outcome}, .seconds = 1});
  EXPECT_EQ(figures.tokens_from, TokensFrom::kNothing);
  EXPECT_FALSE(figures.first_token);
  EXPECT_EQ(figures.tokens_per_event, 0);
}

TEST(LoadFiguresTest, OneTokenHasNoTimeBetweenTokens) {
  Outcome outcome = success();
  outcome.answer.usage->output_tokens = 1;
  EXPECT_FALSE(load_figures({.outcomes = {outcome}, .seconds = 1}).per_token);
}

TEST(LoadFiguresTest, TheTableHasMilliseconds) {
  Outcome outcome = success(0.0123456);
  outcome.wait_seconds = 0.25;
  const std::string table = load_table(load_figures({.outcomes = {outcome}, .seconds = 2, .num_unsent = 3}));
  EXPECT_THAT(table, HasSubstr("1 requests answered, 0 failed, 3 never sent, in 2.00 s\n"));
  EXPECT_THAT(table, HasSubstr("0.50 requests/s, 2.5 output tokens/s, 7.5 tokens/s with the prompts'\n"));
  EXPECT_THAT(table, HasSubstr("Tokens: 10 in prompts (4 cached), 5 in answers; 1.67 an event\n"));
  EXPECT_THAT(table, HasSubstr("time to first token             1000      1000      1000      1000\n"));
  EXPECT_THAT(table, HasSubstr("whole request                   12.3      12.3      12.3      12.3\n"));
  EXPECT_THAT(table, HasSubstr("wait before it was sent          250       250       250       250\n"));
}

TEST(LoadFiguresTest, JsonHasSecondsAndNullForWhatThereIsNot) {
  const Json json =
      load_json(load_figures({.outcomes = {success(), failure(Ending::kTimeout, 0, "late")}, .seconds = 4}));
  EXPECT_EQ(json.at("succeeded").as_integer(), 1);
  EXPECT_EQ(json.at("requests_per_second").as_number(), 0.25);
  EXPECT_EQ(write_json(json.at("end_to_end")), R"({"mean":5.0,"median":5.0,"p90":5.0,"p99":5.0})");
  EXPECT_TRUE(json.at("wait").is_null());
  EXPECT_EQ(write_json(json.at("failures")), R"([{"kind":"timeout","count":1,"example":"late"}])");
}

TEST(LoadFiguresTest, EachRequestHasALine) {
  EXPECT_EQ(write_json(outcome_json(success())),
            R"({"index":0,"ending":"success","sent":0.0,"wait":0.0,"seconds":5.0,"time_to_first_token":1.0,)"
            R"("time_to_last_token":4.0,"events":3,"prompt_tokens":10,"output_tokens":5,"finish_reason":"length"})");
  EXPECT_EQ(write_json(outcome_json(failure(Ending::kStatus, 500, "oops"))),
            R"({"index":0,"ending":"HTTP 500","sent":0.0,"wait":0.0,"seconds":100.0,"time_to_first_token":null,)"
            R"("time_to_last_token":null,"events":0,"prompt_tokens":null,"output_tokens":null,"finish_reason":null,)"
            R"("message":"oops"})");
}

}  // namespace
}  // namespace wedlm::load
