#include "wedlm/load/load_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wedlm::load {
namespace {

using testing::HasSubstr;

const ResponseHead kEvents{.status = 200, .content_type = "text/event-stream; charset=utf-8"};
const ResponseHead kJson{.status = 200, .content_type = "application/json"};

std::string text_event(const std::string& text) {
  return R"(data: {"choices": [{"delta": {"content": ")" + text + "\"}}]}\n\n";
}

struct Ended {
  bool was_taken;
  Outcome outcome;
};

Ended ended(bool is_streamed, const ResponseHead& head, const std::string& body, HttpEnding ending,
            const std::string& message = {}) {
  LoadRequest request(7, is_streamed);
  request.begin();
  const bool was_taken = body.empty() || request.take(head, body);
  return {was_taken, request.end(ending, head, message)};
}

TEST(LoadRequestTest, AWholeStreamIsASuccess) {
  const Ended done =
      ended(true, kEvents, text_event("a") + text_event("b") + "data: [DONE]\n\n", HttpEnding::kComplete);
  EXPECT_TRUE(done.was_taken);
  EXPECT_EQ(done.outcome.ending, Ending::kSuccess);
  EXPECT_EQ(done.outcome.index, 7);
  EXPECT_EQ(done.outcome.status, 200);
  EXPECT_EQ(done.outcome.answer.num_text_events, 2);
  EXPECT_GE(done.outcome.total_seconds, *done.outcome.answer.last_text_seconds);
}

TEST(LoadRequestTest, AfterDoneTheConnectionMayEndAsItLikes) {
  const std::string stream = text_event("a") + "data: [DONE]\n\n";
  for (const HttpEnding ending : {HttpEnding::kBroken, HttpEnding::kTimeout, HttpEnding::kStopped}) {
    EXPECT_EQ(ended(true, kEvents, stream, ending).outcome.ending, Ending::kSuccess);
  }
}

TEST(LoadRequestTest, AStreamThatBreaksOffIsBroken) {
  const Outcome cut = ended(true, kEvents, text_event("a"), HttpEnding::kBroken, "it ended").outcome;
  EXPECT_EQ(cut.ending, Ending::kBrokenStream);
  EXPECT_EQ(cut.message, "it ended after 1 events with text");
  const Outcome silent = ended(true, kEvents, text_event("a"), HttpEnding::kComplete).outcome;
  EXPECT_EQ(silent.ending, Ending::kBrokenStream);
  EXPECT_THAT(silent.message, HasSubstr("without [DONE]"));
  const std::string finished = "data: {\"choices\": [{\"delta\": {}, \"finish_reason\": \"stop\"}]}\n\n";
  EXPECT_EQ(ended(true, kEvents, finished, HttpEnding::kComplete).outcome.ending, Ending::kSuccess);
}

TEST(LoadRequestTest, AnErrorInTheStreamEndsIt) {
  const Ended error =
      ended(true, kEvents, "data: {\"error\": {\"message\": \"out of pages\"}}\n\n", HttpEnding::kStopped);
  EXPECT_FALSE(error.was_taken);
  EXPECT_EQ(error.outcome.ending, Ending::kBrokenStream);
  EXPECT_THAT(error.outcome.message, HasSubstr("out of pages"));
}

TEST(LoadRequestTest, WhatIsNoStreamIsRefused) {
  const Ended other = ended(true, kJson, R"({"choices": []})", HttpEnding::kStopped);
  EXPECT_FALSE(other.was_taken);
  EXPECT_EQ(other.outcome.ending, Ending::kBrokenStream);
  EXPECT_THAT(other.outcome.message, HasSubstr("application/json"));
}

TEST(LoadRequestTest, FailuresAreOfFourKinds) {
  EXPECT_EQ(ended(true, {}, "", HttpEnding::kNotConnected, "refused").outcome.ending, Ending::kConnection);
  EXPECT_EQ(ended(true, {}, "", HttpEnding::kBroken, "reset").outcome.ending, Ending::kConnection);
  EXPECT_EQ(ended(true, kEvents, text_event("a"), HttpEnding::kTimeout, "late").outcome.ending, Ending::kTimeout);
  EXPECT_EQ(ended(true, kEvents, text_event("a"), HttpEnding::kStopped).outcome.ending, Ending::kCancelled);
  const Outcome full = ended(true, {.status = 429}, R"({"error": {"message": "full"}})", HttpEnding::kComplete).outcome;
  EXPECT_EQ(full.ending, Ending::kStatus);
  EXPECT_EQ(full.status, 429);
  EXPECT_EQ(full.message, "full");
}

TEST(LoadRequestTest, WholeAnswers) {
  const std::string answer = R"({"choices": [{"finish_reason": "stop"}], "usage": {"completion_tokens": 4}})";
  const Outcome good = ended(false, kJson, answer, HttpEnding::kComplete).outcome;
  EXPECT_EQ(good.ending, Ending::kSuccess);
  EXPECT_EQ(good.answer.usage->output_tokens, 4);
  EXPECT_EQ(ended(false, kJson, answer.substr(0, 20), HttpEnding::kComplete).outcome.ending, Ending::kBrokenStream);
  EXPECT_EQ(ended(false, kJson, answer, HttpEnding::kBroken, "cut").outcome.ending, Ending::kBrokenStream);
}

}  // namespace
}  // namespace wedlm::load
