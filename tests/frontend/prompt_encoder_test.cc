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

TEST(PromptEncoderTest, ARawPromptHasWhatTheTokenizerAddsAndATemplatesHasNot) {
  const Json json = parse_json(read_text(nano_model() / "tokenizer.json"), "tokenizer.json");
  Json changed = Json::object({{"post_processor", parse_json(R"({"type": "TemplateProcessing",
      "single": [{"SpecialToken": {"id": "<|endoftext|>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
      "pair": [], "special_tokens": {"<|endoftext|>": {"id": "<|endoftext|>", "ids": [2044], "tokens": []}}})",
                                                             "post_processor")}});
  for (const JsonMember& member : json.as_object()) {
    if (member.key != "post_processor") changed.set(member.key, member.value);
  }
  const Tokenizer tokenizer = Tokenizer::from_json(changed, "changed");
  const ChatTemplate chat_template("{% for message in messages %}{{ message.content }}{% endfor %}");
  const std::vector<TokenId> hi = tokenizer.encode("Hi");
  std::vector<TokenId> whole = hi;
  whole.insert(whole.begin(), 2044);
  const Prompt chat{.text = "Hi"}, raw{.form = PromptForm::kRaw, .text = "Hi"};
  EXPECT_EQ(PromptEncoder(tokenizer, &chat_template).encode(chat), hi);
  EXPECT_EQ(PromptEncoder(tokenizer, &chat_template).encode(raw), whole);
  EXPECT_EQ(PromptEncoder(tokenizer, nullptr).encode(chat), whole) << "without a template, as with --raw";
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
