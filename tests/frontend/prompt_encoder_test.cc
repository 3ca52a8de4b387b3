#include "wedlm/frontend/prompt_encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/data.h"
#include "wedlm/base/error.h"

namespace wedlm {
namespace {

constexpr const char* kTemplate =
    "{% for message in messages %}<{{ message.role }}>{{ message.content | trim }}</{{ message.role }}>\n{% endfor %}"
    "{% if tools %}tools {{ tools | length }}\n{% endif %}"
    "{% if enable_thinking is defined and not enable_thinking %}no thoughts\n{% endif %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}";

std::string rendered(std::string_view json) {
  return render_prompt(ChatTemplate(kTemplate), prompt_of_json(parse_json(json, "test"), "test"));
}

TEST(PromptEncoderTest, TheTemplateSeesMessagesTurnEndAndArguments) {
  EXPECT_EQ(rendered(R"({"prompt": "Hi"})"), "<user>Hi</user>\n<assistant>");
  EXPECT_EQ(rendered(R"({"prompt": "Hi", "add_generation_prompt": false})"), "<user>Hi</user>\n");
  EXPECT_EQ(rendered(R"({"prompt": "Hi", "tools": [1, 2], "enable_thinking": false})"),
            "<user>Hi</user>\ntools 2\nno thoughts\n<assistant>");
}

TEST(PromptEncoderTest, AFinalMessageIsContinued) {
  const auto continued = [](const std::string& content) {
    return rendered(R"({"continue_final_message": true, "messages": [{"role": "user", "content": "One"},
      {"role": "assistant", "content": )" +
                    content + "}]}");
  };
  EXPECT_EQ(continued(R"("One two")"), "<user>One</user>\n<assistant>One two");
  EXPECT_EQ(continued(R"("One ")"), "<user>One</user>\n<assistant>One") << "the template has trimmed it";
  EXPECT_EQ(continued(R"("  One")"), "<user>One</user>\n<assistant>One");
  EXPECT_THROW(continued(R"("")"), InvalidInput);
  EXPECT_THROW(continued("null"), InvalidInput);
  const std::string kept =
      render_prompt(ChatTemplate("{% for message in messages %}[{{ message.content }}]{% endfor %}"),
                    prompt_of_json(parse_json(R"({"continue_final_message": true,
        "messages": [{"role": "assistant", "content": "One "}]})",
                                              "test"),
                                   "test"));
  EXPECT_EQ(kept, "[One ") << "a template that keeps the space";
}

class EncoderTest : public testing::Test {
 protected:
  std::vector<TokenId> encode(std::string_view json, const ChatTemplate* chat_template) const {
    return PromptEncoder(tokenizer_, chat_template).encode(prompt_of_json(parse_json(json, "test"), "line 2"));
  }
  std::string error_of(std::string_view json, const ChatTemplate* chat_template) const {
    try {
      encode(json, chat_template);
    } catch (const InvalidInput& error) {
      return error.what();
    }
    return "";
  }

  const Tokenizer tokenizer_ = Tokenizer::load(nano_model());
  const ChatTemplate template_{kTemplate};
};

TEST_F(EncoderTest, TextIsRenderedOrTakenAsItIs) {
  EXPECT_EQ(encode(R"({"prompt": "Hi"})", &template_), tokenizer_.encode("<user>Hi</user>\n<assistant>"));
  EXPECT_EQ(encode(R"({"prompt": "Hi", "raw": true})", &template_), tokenizer_.encode("Hi"));
  EXPECT_EQ(encode(R"({"prompt": "Hi"})", nullptr), tokenizer_.encode("Hi"));
  EXPECT_EQ(encode(R"({"prompt": [4, 2]})", &template_), (std::vector<TokenId>{4, 2}));
}

TEST_F(EncoderTest, WhatCannotBeEncodedIsRefusedWithItsSource) {
  EXPECT_EQ(error_of(R"({"messages": [{"role": "user"}]})", nullptr),
            "line 2: messages need a chat template, and this checkpoint has none");
  EXPECT_EQ(error_of(R"({"prompt": "", "raw": true})", &template_), "line 2: expected a text, got an empty one");
  const ChatTemplate refusing("{{ raise_exception('not these') }}");
  EXPECT_THAT(error_of(R"({"prompt": "Hi"})", &refusing),
              testing::AllOf(testing::StartsWith("line 2: "), testing::HasSubstr("not these")));
}

}  // namespace
}  // namespace wedlm
