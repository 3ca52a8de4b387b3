#include "wedlm/frontend/prompt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wedlm/base/error.h"

namespace wedlm {
namespace {

Prompt prompt_of(std::string_view json) {
  return prompt_of_json(parse_json(json, "test"), "line 3");
}

std::string error_of(std::string_view json) {
  try {
    prompt_of(json);
  } catch (const InvalidInput& error) {
    return error.what();
  }
  return "";
}

TEST(PromptTest, IsATextOrMessagesOrTokens) {
  EXPECT_EQ(prompt_of(R"({"prompt": "a"})").text, "a");
  EXPECT_EQ(prompt_of(R"({"prompt": "a"})").form, PromptForm::kChat);
  EXPECT_EQ(prompt_of(R"({"prompt": "a", "raw": true})").form, PromptForm::kRaw);
  EXPECT_EQ(prompt_of(R"({"prompt": [5, 6]})").token_ids, (std::vector<TokenId>{5, 6}));
  const Prompt prompt = prompt_of(R"({"messages": [{"role": "user", "content": "b"}], "prompt": null, "id": 7})");
  EXPECT_EQ(write_json(prompt.messages), R"([{"role":"user","content":"b"}])");
  EXPECT_EQ(prompt.turn_end, TurnEnd::kAnswer);
  EXPECT_EQ(prompt.source, "line 3");
}

TEST(PromptTest, TemplateArgumentsAreCollected) {
  const Prompt prompt = prompt_of(R"({"messages": [{"role": "user"}], "tools": [{"a":1}], "documents": null,
    "chat_template_kwargs": {"enable_thinking": false, "tools": [{}], "style": "x"}})");
  EXPECT_EQ(write_json(prompt.template_arguments), R"({"tools":[{"a":1}],"enable_thinking":false,"style":"x"})");
  EXPECT_EQ(prompt_of(R"({"prompt": "a", "add_generation_prompt": false})").turn_end, TurnEnd::kClosed);
  EXPECT_EQ(prompt_of(R"({"prompt": "a", "continue_final_message": true})").turn_end, TurnEnd::kContinue);
  EXPECT_EQ(prompt_of(R"({"prompt": "a", "continue_final_message": false})").turn_end, TurnEnd::kAnswer);
  EXPECT_EQ(prompt_of(R"({"prompt": "a", "continue_final_message": "thinking"})").continued_member, "thinking");
}

TEST(PromptTest, WhatIsWrongIsNamed) {
  EXPECT_THAT(error_of("{}"), testing::StartsWith("line 3: expected an object with either prompt or messages, got"));
  EXPECT_THAT(error_of(R"({"prompt": "a", "messages": [{"role": "user"}]})"), testing::HasSubstr("either"));
  EXPECT_THAT(error_of("7"), testing::HasSubstr("expected a JSON object, got an integer"));
  EXPECT_EQ(error_of(R"({"prompt": 7})"), "line 3: prompt: expected a text or token ids, got 7");
  EXPECT_EQ(error_of(R"({"prompt": [7, -1]})"), "line 3: prompt: expected a text or token ids, got [7,-1]");
  EXPECT_THAT(error_of(R"({"prompt": []})"), testing::HasSubstr("prompt: expected"));
  EXPECT_THAT(error_of(R"({"messages": []})"), testing::HasSubstr("messages: expected an array with at least one"));
  EXPECT_THAT(error_of(R"({"messages": [{"content": "x"}]})"), testing::HasSubstr("messages: expected each to be"));
  EXPECT_THAT(error_of(R"({"messages": [{"role": "user"}], "raw": true})"), testing::HasSubstr("raw: expected false"));
  EXPECT_EQ(error_of(R"({"prompt": "a", "raw": 1})"), "line 3: raw: expected true or false, got 1");
  EXPECT_THAT(error_of(R"({"prompt": "a", "chat_template_kwargs": []})"),
              testing::HasSubstr("kwargs: expected an object"));
  EXPECT_THAT(error_of(R"({"prompt": "a", "chat_template_kwargs": {"messages": []}})"),
              testing::HasSubstr("chat_template_kwargs: expected arguments that have no member"));
  EXPECT_THAT(error_of(R"({"prompt": "a", "continue_final_message": true, "add_generation_prompt": true})"),
              testing::HasSubstr("continue_final_message: expected it without add_generation_prompt"));
  EXPECT_EQ(error_of(R"({"prompt": "a", "tools": ["f"]})"), "line 3: tools: expected an array of objects, got [\"f\"]");
  EXPECT_EQ(error_of(R"({"prompt": "a", "chat_template_kwargs": {"documents": {}}})"),
            "line 3: documents: expected an array of objects, got {}");
}

TEST(PromptTest, GoesThroughJsonAndBack) {
  for (const char* json :
       {R"({"prompt":"a"})", R"({"prompt":"a","raw":true})", R"({"prompt":[5,6]})",
        R"({"messages":[{"role":"user"}],"continue_final_message":true,"chat_template_kwargs":{"tools":[{}]}})",
        R"({"prompt":"a","continue_final_message":"thinking"})", R"({"prompt":"a","add_generation_prompt":false})"}) {
    EXPECT_EQ(write_json(prompt_json(prompt_of(json))), json);
  }
}

TEST(PromptTest, TheSystemMessageComesFirstUnlessThereIsOne) {
  const auto messages = [](std::string_view json) {
    return write_json(messages_of(with_system_message(prompt_of(json), "S")));
  };
  const std::string both = R"([{"role":"system","content":"S"},{"role":"user","content":"U"}])";
  EXPECT_EQ(messages(R"({"prompt": "U"})"), both);
  EXPECT_EQ(messages(R"({"messages": [{"role": "user", "content": "U"}]})"), both);
  const std::string own = R"([{"role":"system","content":"own"},{"role":"user","content":"U"}])";
  EXPECT_EQ(messages(R"({"messages": )" + own + "}"), own);
  EXPECT_EQ(write_json(messages_of(prompt_of(R"({"prompt": "U"})"))), R"([{"role":"user","content":"U"}])");
}

}  // namespace
}  // namespace wedlm
