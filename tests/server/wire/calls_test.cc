#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "wedlm/server/wire/anthropic_messages.h"
#include "wedlm/server/wire/call_reader.h"
#include "wedlm/server/wire/openai_chat.h"
#include "wedlm/server/wire/openai_completions.h"
#include "wedlm/server/wire/openai_responses.h"

namespace wedlm::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using Read = Call (*)(const Json& body, const CallRules& rules);

Call read(Read reader, std::string_view body, const CallRules& rules = {}) {
  return reader(parse_json(body, "body"), rules);
}

SamplingParams params(const Call& call) {
  return call.requests.front().settings.params({});
}

/// "param: message", or nothing where it was read.
std::string refusal(Read reader, std::string_view body, const CallRules& rules = {}) {
  try {
    read(reader, body, rules);
    return {};
  } catch (const ApiError& error) {
    EXPECT_EQ(error.failure().status, 400);
    return error.failure().param.value_or("-") + " | " + error.failure().message;
  }
}

/// An object with these members and what every chat needs.
std::string chat(const std::string& members) {
  return R"({"messages": [{"role": "user", "content": "Hi"}])" + (members.empty() ? "" : ", " + members) + "}";
}

TEST(ChatCallTest, EveryMemberIsTaken) {
  const Call call =
      read(read_chat_call, chat(R"("model": "m", "max_tokens": 9, "temperature": 0.5, "top_p": 0.9, "top_k": 7,
      "min_p": 0.1, "n": 3, "seed": 5, "stop": ["a", "b"], "stop_token_ids": [3], "ignore_eos": true, "stream": true,
      "stream_options": {"include_usage": true, "window": true}, "logprobs": true, "top_logprobs": 4,
      "presence_penalty": 0.5, "frequency_penalty": -0.5, "repetition_penalty": 1.2, "logit_bias": {"5": -100},
      "user": "u", "metadata": {}, "mode": "exact", "window_size": 8, "entropy_threshold": 0.3, "pos_penalty": 0.1,
      "max_per_step": 2, "draft_threshold": 0.6, "gate_epsilon": 0.4, "gate_delta": 0.9, "return_token_ids": true,
      "priority": 2, "thinking_budget": 10, "chat_template_kwargs": {"enable_thinking": false})"));
  const SamplingParams got = params(call);
  EXPECT_EQ(call.model, "m");
  EXPECT_EQ(got.max_tokens, 9);
  EXPECT_FLOAT_EQ(got.temperature, 0.5F);
  EXPECT_FLOAT_EQ(got.filters.top_p, 0.9F);
  EXPECT_EQ(got.filters.top_k, 7);
  EXPECT_FLOAT_EQ(got.filters.min_p, 0.1F);
  EXPECT_EQ(call.requests.front().num_answers, 3);
  EXPECT_EQ(got.seed, 5U);
  EXPECT_THAT(got.stop, ElementsAre("a", "b"));
  EXPECT_THAT(got.stop_token_ids, ElementsAre(3));
  EXPECT_TRUE(got.ignore_eos);
  EXPECT_TRUE(call.is_streamed && call.shows_usage && call.shows_window && call.shows_token_ids);
  EXPECT_FALSE(call.shows_usage_always);
  EXPECT_EQ(got.logprobs, 4);
  EXPECT_FLOAT_EQ(got.adjustments.presence_penalty, 0.5F);
  EXPECT_FLOAT_EQ(got.adjustments.frequency_penalty, -0.5F);
  EXPECT_FLOAT_EQ(got.adjustments.repetition_penalty, 1.2F);
  EXPECT_FLOAT_EQ(got.adjustments.logit_bias.at(5), -100);
  EXPECT_EQ(got.mode, DecodeMode::kExact);
  EXPECT_EQ(got.window_size, 8);
  EXPECT_FLOAT_EQ(*got.entropy_threshold, 0.3F);
  EXPECT_FLOAT_EQ(got.position_penalty, 0.1F);
  EXPECT_EQ(got.max_per_step, 2);
  EXPECT_FLOAT_EQ(got.draft_threshold, 0.6F);
  EXPECT_FLOAT_EQ(got.gate_epsilon, 0.4F);
  EXPECT_FLOAT_EQ(got.gate_delta, 0.9F);
  EXPECT_EQ(call.requests.front().priority, 2);
  EXPECT_EQ(call.thinking_budget, 10);
  EXPECT_EQ(*call.requests.front().prompt.template_arguments.find("enable_thinking"), Json(false));
  EXPECT_THAT(call.unknown_members, ElementsAre());
}

TEST(ChatCallTest, NullIsNotGivenAndWhatNobodyKnowsIsIgnored) {
  const Call call =
      read(read_chat_call, chat(R"("max_tokens": null, "stop": null, "tools": null, "stream_options": null,
      "response_format": null, "logprobs": null, "top_logprobs": 0, "zebra": 1, "apple": 2, "tool_choice": "auto")"));
  EXPECT_EQ(params(call).max_tokens, SamplingParams().max_tokens);
  EXPECT_FALSE(params(call).logprobs);
  EXPECT_THAT(call.unknown_members, ElementsAre("zebra", "apple"));
}

TEST(ChatCallTest, MaxCompletionTokensIsTheNewerName) {
  EXPECT_EQ(params(read(read_chat_call, chat(R"("max_completion_tokens": 5)"))).max_tokens, 5);
  EXPECT_EQ(params(read(read_chat_call, chat(R"("max_tokens": 9, "max_completion_tokens": 5)"))).max_tokens, 5);
}

TEST(ChatCallTest, WhatIsWrongIsNamed) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({})", "messages | "},
      {R"([])", "- | expected an object as the body, got an array"},
      {R"({"messages": []})", "messages | messages: expected an array with at least one message, got []"},
      {R"({"messages": "Hi"})", "messages | "},
      {R"({"messages": [1]})", "messages[0] | "},
      {R"({"messages": [{"content": "a"}]})", "messages[0] | "},
      {R"({"messages": [{"role": "poet", "content": "a"}]})", "messages[0].role | messages[0].role: expected one of"},
      {R"({"messages": [{"role": "user"}]})", "messages[0] | "},
      {R"({"messages": [{"role": "user", "content": 5}]})", "messages[0].content | "},
      {R"({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]})", "messages[0].content | "},
      {chat(R"("temperature": -1)"), "temperature | temperature: "},
      {chat(R"("temperature": "warm")"), "temperature | "},
      {chat(R"("top_p": 0)"), "top_p | "},
      {chat(R"("max_tokens": 0)"), "max_tokens | "},
      {chat(R"("max_tokens": 2.5)"), "max_tokens | "},
      {chat(R"("max_completion_tokens": -1)"), "max_completion_tokens | max_completion_tokens: "},
      {chat(R"("n": 0)"), "n | "},
      {chat(R"("n": 100000)"), "n | "},
      {chat(R"("top_logprobs": 3)"), "top_logprobs | "},
      {chat(R"("logprobs": true, "top_logprobs": 21)"), "top_logprobs | "},
      {chat(R"("logprobs": 3)"), "logprobs | "},
      {chat(R"("stream": "yes")"), "stream | "},
      {chat(R"("stream_options": 1)"), "stream_options | "},
      {chat(R"("stream_options": {"include_usage": 1})"), "stream_options.include_usage | "},
      {chat(R"("stream_options": {"continuous_usage_stats": true, "include_usage": 1})"),
       "stream_options.include_usage | "},
      {chat(R"("logit_bias": {"a": 1})"), "logit_bias | "},
      {chat(R"("mode": "fast")"), "mode | "},
      {chat(R"("response_format": {"type": "json_object"})"), "response_format | "},
      {chat(R"("tools": [{"type": "function"}])"), "tools | tools: calling tools is not built yet"},
      {chat(R"("tools": [], "tool_choice": "required")"), "tool_choice | "},
      {chat(R"("functions": [{}])"), "functions | "},
      {chat(R"("guided_json": {"a": 1})"), "guided_json | "},
      {chat(R"("modalities": ["audio"])"), "modalities | "},
      {chat(R"("thinking_budget": -1)"), "thinking_budget | "},
      {chat(R"("continue_final_message": true, "add_generation_prompt": true)"), "messages | "},
  };
  for (const auto& [body, expected] : cases)
    EXPECT_THAT(refusal(read_chat_call, body), testing::StartsWith(expected)) << body;
}

TEST(ChatCallTest, ToolsThatMayNotBeCalledAreTheTemplates) {
  const Call call = read(read_chat_call, chat(R"("tools": [{"type": "function"}], "tool_choice": "none")"));
  EXPECT_NE(call.requests.front().prompt.template_arguments.find("tools"), nullptr);
}

TEST(ChatCallTest, TheOperatorsRulesHold) {
  CallRules rules{.max_answers = 2, .limits = {{.key = "max_tokens", .value = 50}}, .shows_usage = true};
  rules.settings.give(*find_json_option("temperature"), 0.7);
  EXPECT_FLOAT_EQ(params(read(read_chat_call, chat(""), rules)).temperature, 0.7F);
  EXPECT_FLOAT_EQ(params(read(read_chat_call, chat(R"("temperature": 0)"), rules)).temperature, 0);
  EXPECT_TRUE(read(read_chat_call, chat(""), rules).shows_usage);
  EXPECT_EQ(params(read(read_chat_call, chat(R"("max_tokens": 50)"), rules)).max_tokens, 50);
  EXPECT_EQ(refusal(read_chat_call, chat(R"("max_tokens": 51)"), rules),
            "max_tokens | max_tokens: this server allows at most 50, got 51");
  EXPECT_THAT(refusal(read_chat_call, chat(R"("n": 3)"), rules), HasSubstr("at most 2 answers"));
  EXPECT_THAT(refusal(read_completions_call, R"({"prompt": ["a", "b"], "n": 2})", rules), HasSubstr("got 4"));
}

TEST(ChatCallTest, NoThresholdIsAWordAndNullIsNotGiven) {
  CallRules rules;
  rules.settings.give(*find_json_option("entropy_threshold"), 0.7);
  EXPECT_FLOAT_EQ(*params(read(read_chat_call, chat(R"("entropy_threshold": null)"), rules)).entropy_threshold, 0.7F);
  EXPECT_FALSE(params(read(read_chat_call, chat(R"("entropy_threshold": "none")"), rules)).entropy_threshold);
}

TEST(ChatCallTest, PartsBecomeOneTextAndNoContentAnEmptyOne) {
  const Call call = read(read_chat_call, R"({"messages": [
      {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "name": "N"},
      {"role": "assistant", "content": null, "tool_calls": [{"id": "1"}]},
      {"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]}]})");
  EXPECT_EQ(write_json(call.requests.front().prompt.messages),
            R"([{"role":"user","content":"ab","name":"N"},)"
            R"({"role":"assistant","content":"","tool_calls":[{"id":"1"}]},{"role":"assistant","content":"no"}])");
}

TEST(CompletionsCallTest, PromptsAreTextsOrIdsOrListsOfThem) {
  const auto prompts = [](std::string_view prompt) {
    return read(read_completions_call, "{\"prompt\": " + std::string(prompt) + "}").requests;
  };
  EXPECT_EQ(prompts(R"("a")").front().prompt.text, "a");
  EXPECT_EQ(prompts(R"("a")").front().prompt.form, PromptForm::kRaw);
  EXPECT_EQ(prompts(R"(["a", "b"])").size(), 2U);
  EXPECT_THAT(prompts("[1, 2]").front().prompt.token_ids, ElementsAre(1, 2));
  EXPECT_THAT(prompts("[[1, 2], [3]]").at(1).prompt.token_ids, ElementsAre(3));
  EXPECT_EQ(params(read(read_completions_call, R"({"prompt": "a"})")).max_tokens, 16);
}

TEST(CompletionsCallTest, WhatIsWrongIsNamed) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({})", "prompt | "},
      {R"({"prompt": []})", "prompt | "},
      {R"({"prompt": 5})", "prompt | "},
      {R"({"prompt": [1, "a"]})", "prompt | "},
      {R"({"prompt": [-1]})", "prompt | "},
      {R"({"prompt": "a", "suffix": "b"})", "suffix | "},
      {R"({"prompt": "a", "best_of": 2})", "best_of | "},
      {R"({"prompt": "a", "echo": true, "logprobs": 1})", "echo | "},
      {R"({"prompt": "a", "logprobs": 30})", "logprobs | "},
  };
  for (const auto& [body, expected] : cases) {
    EXPECT_THAT(refusal(read_completions_call, body), testing::StartsWith(expected)) << body;
  }
}

TEST(ResponsesCallTest, InputIsATextOrItems) {
  const Call text = read(read_responses_call, R"({"input": "Hi", "instructions": "Be brief", "max_output_tokens": 4})");
  EXPECT_EQ(write_json(text.requests.front().prompt.messages),
            R"([{"role":"system","content":"Be brief"},{"role":"user","content":"Hi"}])");
  EXPECT_EQ(params(text).max_tokens, 4);
  EXPECT_EQ(write_json(text.repeated), R"({"instructions":"Be brief"})");
  const Call items = read(read_responses_call, R"({"input": [
      {"role": "user", "content": [{"type": "input_text", "text": "a"}, {"type": "input_text", "text": "b"}]},
      {"type": "reasoning", "summary": []},
      {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "c"}]}]})");
  EXPECT_EQ(write_json(items.requests.front().prompt.messages),
            R"([{"role":"user","content":"ab"},{"role":"assistant","content":"c"}])");
}

TEST(ResponsesCallTest, WhatIsWrongIsNamedAsItWasSent) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({})", "input | "},
      {R"({"input": 5})", "input | input: expected"},
      {R"({"input": []})", "input | input: expected"},
      {R"({"input": [{"type": "reasoning"}, {"role": "poet", "content": "a"}], "instructions": "b"})",
       "input[1].role | input[1].role: expected one of"},
      {R"({"input": "a", "text": 5})", "text | "},
      {R"({"input": "a", "text": {"format": []}})", "text.format | "},
      {R"({"input": "a", "include": 5})", "include | "},
      {R"({"input": "a", "include": [null]})", "include | "},
      {R"({"input": "a", "metadata": 5})", "metadata | "},
      {R"({"input": "a", "top_logprobs": 21})", "top_logprobs | "},
  };
  for (const auto& [body, expected] : cases) {
    EXPECT_THAT(refusal(read_responses_call, body), testing::StartsWith(expected)) << body;
  }
}

TEST(ResponsesCallTest, LogProbabilitiesAreAskedForByEitherMember) {
  EXPECT_FALSE(params(read(read_responses_call, R"({"input": "a", "include": ["x"]})")).logprobs);
  EXPECT_EQ(
      params(read(read_responses_call, R"({"input": "a", "include": ["message.output_text.logprobs"]})")).logprobs, 0);
  EXPECT_EQ(params(read(read_responses_call,
                        R"({"input": "a", "top_logprobs": 3, "include": ["message.output_text.logprobs"]})"))
                .logprobs,
            3);
}

TEST(ResponsesCallTest, WhatIsNotBuiltIsRefusedByName) {
  for (const auto& [member, param] : std::vector<std::pair<std::string, std::string>>{
           {R"("previous_response_id": "a")", "previous_response_id"},
           {R"("conversation": "a")", "conversation"},
           {R"("background": true)", "background"},
           {R"("tools": [{"type": "web_search"}])", "tools"},
           {R"("text": {"format": {"type": "json_schema"}})", "text.format"},
           {R"("max_output_tokens": 0)", "max_output_tokens"}}) {
    EXPECT_THAT(refusal(read_responses_call, "{\"input\": \"a\", " + member + "}"), testing::StartsWith(param + " | "));
  }
  EXPECT_EQ(refusal(read_responses_call, R"({"input": "a", "background": false, "tools": [], "store": true})"), "");
  EXPECT_THAT(refusal(read_responses_call, R"({"input": [{"type": "function_call"}]})"), HasSubstr("input[0]"));
}

TEST(MessagesCallTest, MembersAreThoseOfAnthropic) {
  const Call call =
      read(read_messages_call, R"({"model": "m", "max_tokens": 5, "system": [{"type": "text", "text": "S"}],
      "messages": [{"role": "user", "content": "a"},
                   {"role": "assistant", "content": [{"type": "thinking", "thinking": "t", "signature": ""},
                                                     {"type": "text", "text": "b"}]},
                   {"role": "user", "content": [{"type": "text", "text": "c"}]}],
      "stop_sequences": ["x"], "thinking": {"type": "enabled", "budget_tokens": 20}, "top_k": 3})");
  EXPECT_EQ(write_json(call.requests.front().prompt.messages),
            R"([{"role":"system","content":"S"},{"role":"user","content":"a"},)"
            R"({"role":"assistant","content":"b","reasoning_content":"t"},{"role":"user","content":"c"}])");
  EXPECT_THAT(params(call).stop, ElementsAre("x"));
  EXPECT_EQ(params(call).max_tokens, 5);
  EXPECT_EQ(call.thinking_budget, 20);
  EXPECT_EQ(*call.requests.front().prompt.template_arguments.find("enable_thinking"), Json(true));
}

TEST(MessagesCallTest, AnAnswerThatStandsLastIsContinued) {
  const Call call = read(read_messages_call, R"({"max_tokens": 5, "messages": [
      {"role": "user", "content": "a"}, {"role": "assistant", "content": "1, 2,"}]})");
  EXPECT_EQ(call.requests.front().prompt.turn_end, TurnEnd::kContinue);
}

TEST(MessagesCallTest, WhatIsWrongIsNamed) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"max_tokens": 5})", "messages | "},
      {R"({"messages": [{"role": "user", "content": "a"}]})", "max_tokens | "},
      {R"({"max_tokens": 5, "messages": [{"role": "system", "content": "a"}]})", "messages.0.role | "},
      {R"({"max_tokens": 5, "messages": [{"role": "user", "content": [{"type": "image"}]}]})",
       "messages.0.content.0 | "},
      {R"({"max_tokens": 5, "messages": [{"role": "user", "content": [{"type": "tool_result"}]}]})",
       "messages.0.content.0 | "},
      {R"({"max_tokens": 5, "tools": [{}], "messages": [{"role": "user", "content": "a"}]})", "tools | "},
      {R"({"max_tokens": 5, "tool_choice": {"type": "any"}, "messages": [{"role": "user", "content": "a"}]})",
       "tool_choice | "},
      {R"({"max_tokens": 5, "thinking": {}, "messages": [{"role": "user", "content": "a"}]})", "thinking | "},
  };
  for (const auto& [body, expected] : cases) {
    EXPECT_THAT(refusal(read_messages_call, body), testing::StartsWith(expected)) << body;
  }
}

TEST(TextPromptTest, WhatIsForMessagesHasToBeRightBesideATextToo) {
  const auto read = [](std::string_view body) {
    const Json json = parse_json(body, "body");
    const CallRules rules;
    return CallReader(json, rules).text_prompt("Hi");
  };
  EXPECT_EQ(read(R"({"continue_final_message": null, "tools": []})").text, "Hi");
  EXPECT_THROW(read(R"({"continue_final_message": {}})"), ApiError);
  EXPECT_THROW(read(R"({"tools": [3]})"), ApiError);
}

}  // namespace
}  // namespace wedlm::server
