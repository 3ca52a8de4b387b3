#include "wedlm/frontend/chat_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/data.h"
#include "wedlm/base/error.h"

namespace wedlm {
namespace {

ChatRequest request_of(std::string_view json) {
  return request_of_json(parse_json(json, "test"), "the request");
}

std::string error_of(std::string_view json) {
  try {
    request_of(json);
  } catch (const InvalidInput& error) {
    return error.what();
  }
  return "";
}

TEST(ChatRequestTest, HasAPromptAndWhatIsAskedOfSampling) {
  const ChatRequest request = request_of(R"({"prompt": "Hi", "temperature": 0, "stop": "x", "window_size": "auto",
    "wedlm_entropy_threshold": 0.25, "seed": null, "priority": -2})");
  EXPECT_EQ(request.prompt.text, "Hi");
  EXPECT_EQ(request.priority, -2);
  const SamplingParams params = request.settings.params({.temperature = 1.0F});
  EXPECT_EQ(params.temperature, 0.0F);
  EXPECT_EQ(params.stop, std::vector<std::string>{"x"});
  EXPECT_EQ(params.entropy_threshold, 0.25F) << "by the original engine's name";
  EXPECT_EQ(params.seed, std::nullopt);
  EXPECT_EQ(params.max_tokens, 64);
}

TEST(ChatRequestTest, AMemberThatIsWrongIsNamedAndOneThatIsUnknownHasItsNearest) {
  EXPECT_EQ(error_of(R"({"prompt": "a", "top_p": 0})"),
            "the request: top_p: expected a number above 0 and at most 1, got 0");
  EXPECT_EQ(error_of(R"({"prompt": "a", "temprature": 0})"),
            "the request: temprature: unknown member (did you mean temperature?)");
  EXPECT_EQ(error_of(R"({"messages": [{"role": "user"}], "tool": []})"),
            "the request: tool: unknown member (did you mean tools?)");
  EXPECT_EQ(error_of(R"({"prompt": "a", "pirority": 1})"),
            "the request: pirority: unknown member (did you mean priority?)");
  EXPECT_EQ(error_of(R"({"prompt": "a", "x": 2})"), "the request: x: unknown member");
  EXPECT_THAT(error_of(R"({"prompt": "a", "n": 0})"), testing::HasSubstr("n: expected an integer from 1 to 1024"));
  EXPECT_THAT(error_of(R"({"prompt": "a", "priority": 1.5})"), testing::HasSubstr("priority: expected an integer"));
  EXPECT_THAT(error_of("[]"), testing::StartsWith("the request: expected a JSON object"));
}

TEST(ChatRequestTest, GoesThroughJsonAndBack) {
  const std::string json =
      R"({"messages":[{"role":"user","content":"a"}],"temperature":0.5,"refill":"block","preset":"fast","priority":3,"n":2})";
  EXPECT_EQ(write_json(request_json(request_of(json))), json);
  EXPECT_EQ(write_json(request_json(request_of(R"({"prompt": "a"})"))), R"({"prompt":"a"})");
}

TEST(ChatRequestTest, BecomesTheEnginesRequest) {
  const Tokenizer tokenizer = Tokenizer::load(nano_model());
  const ChatRequest asked = request_of(R"({"prompt": "Hi", "max_tokens": 5, "priority": 2})");
  const std::vector<Request> requests =
      engine_requests(asked, PromptEncoder(tokenizer, nullptr), {.temperature = 0.9F, .filters = {.top_k = 7}});
  ASSERT_EQ(requests.size(), 1U);
  const Request& request = requests.front();
  EXPECT_EQ(request.prompt, tokenizer.encode("Hi"));
  EXPECT_EQ(request.params.max_tokens, 5);
  EXPECT_EQ(request.params.temperature, 0.9F);
  EXPECT_EQ(request.params.filters.top_k, 7);
  EXPECT_EQ(request.priority, 2);
}

TEST(ChatRequestTest, EachAnswerHasASeedOfItsOwn) {
  const Tokenizer tokenizer = Tokenizer::load(nano_model());
  const auto seeds = [&](std::string_view json) {
    std::vector<std::optional<std::uint64_t>> found;
    for (const Request& one : engine_requests(request_of(json), PromptEncoder(tokenizer, nullptr), {})) {
      EXPECT_EQ(one.prompt, tokenizer.encode("Hi"));
      found.push_back(one.params.seed);
    }
    return found;
  };
  EXPECT_THAT(seeds(R"({"prompt": "Hi", "n": 3, "seed": 7})"), testing::ElementsAre(7, 8, 9));
  EXPECT_THAT(seeds(R"({"prompt": "Hi", "n": 2, "seed": 9007199254740992})"),
              testing::ElementsAre(9007199254740992U, 0))
      << "the largest is followed by the smallest";
  EXPECT_THAT(seeds(R"({"prompt": "Hi", "n": 2})"), testing::ElementsAre(std::nullopt, std::nullopt));
}

}  // namespace
}  // namespace wedlm
