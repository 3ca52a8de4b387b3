#include "wedlm/load/answer_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wedlm/base/error.h"

namespace wedlm::load {
namespace {

using testing::ElementsAre;
using testing::FloatEq;
using testing::HasSubstr;

StreamEvent chunk(const std::string& delta) {
  return {.type = "message",
          .data = R"({"choices": [{"index": 0, "delta": )" + delta + R"(, "finish_reason": null}]})"};
}

std::string message_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const InvalidInput& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(AnswerReaderTest, TimesAreThoseOfTheEventsThatBringText) {
  AnswerReader reader;
  reader.take_event(chunk(R"({"role": "assistant", "content": ""})"), 1);
  EXPECT_FALSE(reader.answer().first_text_seconds);
  reader.take_event(chunk(R"({"content": "Hel"})"), 2);
  reader.take_event(chunk(R"({"content": null, "reasoning_content": "hm"})"), 2.5);
  reader.take_event(chunk(R"({"reasoning": "hm"})"), 2.75);
  reader.take_event(chunk("{}"), 3);
  reader.take_event(chunk(R"({"tool_calls": [{"index": 0}]})"), 4.75);
  reader.take_event({"message", R"({"choices": [{"delta": {}, "finish_reason": "stop"}]})"}, 5);
  EXPECT_EQ(reader.answer().num_text_events, 4);
  EXPECT_EQ(reader.answer().first_text_seconds, 2);
  EXPECT_EQ(reader.answer().last_text_seconds, 4.75);
  EXPECT_THAT(reader.answer().event_gaps, ElementsAre(FloatEq(0.5), FloatEq(0.25), FloatEq(2)));
  EXPECT_EQ(reader.answer().finish_reason, "stop");
}

TEST(AnswerReaderTest, CompletionsHaveTextOfTheirOwn) {
  AnswerReader reader;
  reader.take_event({"message", R"({"choices": [{"text": "", "finish_reason": null}]})"}, 1);
  reader.take_event({"message", R"({"choices": [{"text": "a", "finish_reason": null}]})"}, 2);
  reader.take_event({"message", R"({"choices": [{"text": "b", "finish_reason": "length"}]})"}, 3);
  EXPECT_EQ(reader.answer().num_text_events, 2);
  EXPECT_EQ(reader.answer().finish_reason, "length");
}

TEST(AnswerReaderTest, TheLastUsageCounts) {
  AnswerReader reader;
  reader.take_event({"message", R"({"choices": [], "usage": null})"}, 0);
  EXPECT_FALSE(reader.answer().usage);
  reader.take_event({"message", R"({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 1}})"}, 1);
  reader.take_event({"message", R"({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 9,
                                    "prompt_tokens_details": {"cached_tokens": 4}}})"},
                    2);
  ASSERT_TRUE(reader.answer().usage);
  EXPECT_EQ(reader.answer().usage->prompt_tokens, 7);
  EXPECT_EQ(reader.answer().usage->cached_prompt_tokens, 4);
  EXPECT_EQ(reader.answer().usage->output_tokens, 9);
}

TEST(AnswerReaderTest, UsageOfAnotherShapeDoesNoHarm) {
  AnswerReader reader;
  reader.take_event({"message", R"({"choices": [], "usage": {"prompt_tokens": "7", "prompt_tokens_details": null}})"},
                    1);
  EXPECT_EQ(reader.answer().usage->prompt_tokens, 0);
  EXPECT_EQ(reader.answer().usage->output_tokens, 0);
}

TEST(AnswerReaderTest, IsWholeAtDoneOrAtAFinishReason) {
  AnswerReader reader;
  EXPECT_FALSE(reader.is_whole());
  reader.take_event(chunk(R"({"content": "x"})"), 1);
  EXPECT_FALSE(reader.is_whole());
  AnswerReader finished = reader;
  finished.take_event({"message", R"({"choices": [{"delta": {}, "finish_reason": "stop"}]})"}, 1);
  EXPECT_TRUE(finished.is_whole());
  EXPECT_FALSE(finished.answer().is_done);
  reader.take_event({"message", "[DONE]"}, 1);
  EXPECT_TRUE(reader.is_whole());
  EXPECT_TRUE(reader.answer().is_done);
}

TEST(AnswerReaderTest, ErrorsInAStreamAreThrownWithTheirMessage) {
  const auto thrown = [](const std::string& data) {
    AnswerReader reader;
    return message_of([&] { reader.take_event({"message", data}, 1); });
  };
  EXPECT_THAT(thrown(R"({"error": {"message": "out of pages", "code": 503}})"), HasSubstr("out of pages"));
  EXPECT_THAT(thrown(R"({"error": "overloaded"})"), HasSubstr("overloaded"));
  EXPECT_THAT(thrown(R"({"error": {"code": 7}})"), HasSubstr("{\"code\":7}"));
  EXPECT_THAT(thrown(R"({"object": "error", "message": "too long", "code": 400})"), HasSubstr("too long"));
  EXPECT_THAT(thrown("{"), HasSubstr("an event of the stream"));
  EXPECT_EQ(thrown(R"({"error": null, "choices": []})"), "nothing was thrown");
  EXPECT_EQ(thrown(R"({"choices": [{"delta": null}]})"), "nothing was thrown");
  EXPECT_EQ(thrown("[]"), "nothing was thrown");
}

TEST(AnswerReaderTest, AWholeAnswerHasChoices) {
  AnswerReader reader;
  reader.take_whole(R"({"choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}],
                        "usage": {"prompt_tokens": 3, "completion_tokens": 2}})");
  EXPECT_TRUE(reader.is_whole());
  EXPECT_EQ(reader.answer().usage->output_tokens, 2);
  EXPECT_EQ(reader.answer().num_text_events, 0);
  EXPECT_FALSE(reader.answer().first_text_seconds);
  EXPECT_THAT(message_of([] { AnswerReader().take_whole("{\"a\": 1}"); }), HasSubstr("choices"));
  EXPECT_THAT(message_of([] { AnswerReader().take_whole("<html>"); }), HasSubstr("the answer"));
  EXPECT_THAT(message_of([] { AnswerReader().take_whole("{\"error\": {\"message\": \"no\"}}"); }), HasSubstr("no"));
}

TEST(AnswerReaderTest, AnErrorsTextIsFoundInEveryShape) {
  EXPECT_EQ(server_error_text(R"({"error": {"message": "bad", "type": "x"}})"), "bad");
  EXPECT_EQ(server_error_text(R"({"detail": "Not Found"})"), "Not Found");
  EXPECT_EQ(server_error_text(R"({"detail": [{"loc": 1}]})"), "[{\"loc\":1}]");
  EXPECT_EQ(server_error_text("<h1>502</h1>"), "<h1>502</h1>");
  EXPECT_EQ(server_error_text(""), "");
  EXPECT_LT(server_error_text(std::string(5000, 'x')).size(), 300U);
}

}  // namespace
}  // namespace wedlm::load
