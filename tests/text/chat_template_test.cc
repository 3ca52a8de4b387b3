// Renderings of chat templates against recorded ones: of Qwen's templates by Hugging Face's own Jinja, and of a table
// of snippets and whole templates by Jinja2 (tests/data/templates/make_jinja_cases.py).
#include "wedlm/text/chat_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "tests/support/data.h"
#include "wedlm/base/error.h"

namespace wedlm {
namespace {

using ::testing::HasSubstr;

Json read_json(const std::filesystem::path& path) {
  return parse_json(read_text(path), path.filename().string());
}

void write_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

/// The source of the template that a recorded case names; nullopt where it is not at hand.
std::optional<std::string> template_source(const std::string& name) {
  if (name == "nano") return read_json(nano_model() / "tokenizer_config.json").at("chat_template").as_string();
  const auto path = shared_data("templates/" + name + ".jinja");
  return path ? std::optional<std::string>(read_text(*path)) : std::nullopt;
}

void expect_recorded_cases(const std::string& name) {
  const std::optional<std::string> source = template_source(name);
  if (!source) GTEST_SKIP() << "no shared data: templates/" << name << ".jinja";
  const ChatTemplate chat_template(*source);
  const Json table = read_json(test_data("templates/cases.json"));
  int num_cases = 0;
  for (const Json& recorded : table.as_array()) {
    if (recorded.at("template").as_string() != name) continue;
    ++num_cases;
    EXPECT_EQ(chat_template.render(recorded.at("input")), recorded.at("rendered").as_string())
        << recorded.at("name").as_string();
  }
  EXPECT_EQ(num_cases, 12);
}

TEST(ChatTemplateTest, RendersQwen2AsRecorded) {
  expect_recorded_cases("qwen2");
}

TEST(ChatTemplateTest, RendersQwen25AsRecorded) {
  expect_recorded_cases("qwen2.5");
}

TEST(ChatTemplateTest, RendersQwen3AsRecorded) {
  expect_recorded_cases("qwen3");
}

TEST(ChatTemplateTest, RendersNanoAsRecorded) {
  expect_recorded_cases("nano");
}

/// What one case of the table gives here, in the words of the table.
std::string outcome(const std::string& source, const Json& variables) {
  try {
    return "expected: " + ChatTemplate(source).render(variables);
  } catch (const InvalidInput& error) {
    const std::string message = error.what();
    const std::string refusal = "chat template: ";
    return message.starts_with(refusal) ? "refused: " + message.substr(refusal.size()) : "error";
  }
}

TEST(ChatTemplateTest, AgreesWithJinja2) {
  const Json table = read_json(test_data("templates/jinja_cases.json"));
  int num_cases = 0;
  for (const Json& recorded : table.at("cases").as_array()) {
    const auto index = static_cast<std::size_t>(recorded.at("variables").as_integer());
    const std::string& source = recorded.at("template").as_string();
    std::string expected = "error";
    if (const Json* text = recorded.find("expected")) expected = "expected: " + text->as_string();
    if (const Json* message = recorded.find("refused")) expected = "refused: " + message->as_string();
    EXPECT_EQ(outcome(source, table.at("variables").as_array().at(index)), expected) << source;
    ++num_cases;
  }
  EXPECT_GE(num_cases, 500);
}

TEST(ChatTemplateTest, NumbersOfAnyLengthArePrintedAsPythonDoes) {
  const auto path = test_data("templates/number_cases.json");
  const Json cases = parse_json(read_text(path), path.string());
  ASSERT_GE(cases.at("cases").as_array().size(), 59U);
  for (const Json& item : cases.at("cases").as_array()) {
    const std::string& source = item.at("template").as_string();
    EXPECT_EQ(ChatTemplate(source).render(cases.at("variables")), item.at("expected").as_string()) << source;
  }
}

Json long_conversation(int num_messages) {
  Json::Array messages;
  for (int i = 0; i < num_messages; ++i) {
    messages.push_back(
        Json::object({{"role", i % 2 == 0 ? "user" : "assistant"}, {"content", "word " + std::to_string(i)}}));
  }
  return Json::object({{"messages", std::move(messages)}});
}

/// What is the same for a long list and for a short one is charged so: this stays within the limit on steps.
TEST(ChatTemplateTest, ALongConversationIsRendered) {
  const ChatTemplate chat_template(
      "{% macro whole(list) %}{{ list|length }}{% endmacro %}{% for m in messages %}"
      "{% set all = messages if messages else [] %}{{ all|length == loop.length and whole(all) == '20000' }}"
      "{{ (messages|first).content ~ messages[::-1][:0]|length if loop.last }}{{ (messages|last) is iterable }}"
      "{{ m.content is iterable }}{% endfor %}");
  const std::string text = chat_template.render(long_conversation(20'000));
  EXPECT_TRUE(text.ends_with("Trueword 00TrueTrue"));
  EXPECT_EQ(text.find("False"), std::string::npos);
}

TEST(ChatTemplateTest, Qwen3RendersALongConversation) {
  const std::optional<std::string> source = template_source("qwen3");
  if (!source) GTEST_SKIP() << "no shared data: templates/qwen3.jinja";
  const std::string text = ChatTemplate(*source).render(long_conversation(20'000));
  EXPECT_TRUE(text.ends_with("word 19999<|im_end|>\n")) << text.substr(text.size() - 100);
}

TEST(ChatTemplateTest, ToolsAndDocumentsAreNoneWhereNotGiven) {
  const ChatTemplate chat_template("{{ tools is none and documents is none }}{{ other is defined }}");
  EXPECT_EQ(chat_template.render(Json::object({})), "TrueFalse");
}

TEST(ChatTemplateTest, IllFormedTextIsReplaced) {
  EXPECT_EQ(ChatTemplate("{{ x }}|{{ x|length }}").render(Json::object({{"x", "a\xFFz"}})), "a\xEF\xBF\xBDz|3");
}

TEST(ChatTemplateLoadTest, PrefersTheJinjaFile) {
  const TemporaryFolder folder;
  write_file(folder.path() / "chat_template.jinja", "{{ bos_token }}file{{ eos_token }}{{ pad_token }}");
  write_file(folder.path() / "tokenizer_config.json",
             R"({"chat_template": "config", "bos_token": "<s>", "eos_token": {"content": "</s>"}, "pad_token": null})");
  const auto chat_template = ChatTemplate::load(folder.path());
  ASSERT_TRUE(chat_template);
  EXPECT_EQ(chat_template->render(Json::object({})), "<s>file</s>");
  EXPECT_EQ(chat_template->special_token("eos_token"), "</s>");
  EXPECT_EQ(chat_template->special_token("pad_token"), std::nullopt);
  EXPECT_EQ(chat_template->render(Json::object({{"bos_token", "!"}})), "!file</s>");
}

TEST(ChatTemplateLoadTest, TakesTheDefaultOfNamedTemplates) {
  const TemporaryFolder folder;
  write_file(folder.path() / "tokenizer_config.json",
             R"({"chat_template": [{"name": "rag", "template": "a"}, {"name": "default", "template": "b"}]})");
  const auto chat_template = ChatTemplate::load(folder.path());
  ASSERT_TRUE(chat_template);
  EXPECT_EQ(chat_template->render(Json::object({})), "b");
}

TEST(ChatTemplateLoadTest, ThereMayBeNone) {
  const TemporaryFolder folder;
  EXPECT_FALSE(ChatTemplate::load(folder.path()));
  write_file(folder.path() / "tokenizer_config.json", "{}");
  EXPECT_FALSE(ChatTemplate::load(folder.path()));
}

/// The message of the error that loading the folder's template and rendering it ends in, with or without tools.
std::string error_of(const TemporaryFolder& folder, const Json& variables = Json::object({})) {
  try {
    const std::string text = ChatTemplate::load(folder.path())->render(variables);
    return "no error: " + text;
  } catch (const InvalidInput& error) {
    return error.what();
  }
}

TEST(ChatTemplateLoadTest, ErrorsNameTheFile) {
  const TemporaryFolder folder;
  const auto message = [&](const std::string& config) {
    write_file(folder.path() / "tokenizer_config.json", config);
    return error_of(folder);
  };
  EXPECT_EQ(message(R"({"chat_template": "a\nb {{ x | foo }}"})"),
            "tokenizer_config.json: chat_template line 2: unknown filter 'foo'");
  EXPECT_EQ(message(R"({"chat_template": 5})"),
            "tokenizer_config.json: chat_template: expected a string, an array or an object, got 5");
  EXPECT_THAT(message(R"({"chat_template": [{"name": "x", "template": "y"}]})"), HasSubstr("\"default\""));
  EXPECT_THAT(message(R"({"chat_template": [{"name": "default"}]})"), HasSubstr("name and template"));
  EXPECT_EQ(message(R"({"chat_template": {"default": ["a"]}})"),
            "tokenizer_config.json: chat_template \"default\": expected a string, got [\"a\"]");
  EXPECT_THAT(message("[]"), HasSubstr("expected an object"));
}

TEST(ChatTemplateLoadTest, WhatIsNotRenderedMayBeWrong) {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder.path() / "additional_chat_templates");
  write_file(folder.path() / "chat_template.jinja", "ok");
  write_file(folder.path() / "additional_chat_templates" / "tool_use.jinja", "\n{% frob %}");
  const std::string fault = "additional_chat_templates/tool_use.jinja line 2: unknown tag 'frob'";
  EXPECT_EQ(error_of(folder), "no error: ok");
  const Json with_tools = Json::object({{"tools", Json::Array{}}});
  EXPECT_EQ(error_of(folder, with_tools), fault);
  const auto chat_template = ChatTemplate::load(folder.path());
  EXPECT_EQ(chat_template->fault(), fault);
  EXPECT_EQ(chat_template->named("default")->fault(), std::nullopt);
  EXPECT_EQ(chat_template->named("default")->render(with_tools), "ok");
  EXPECT_FALSE(chat_template->named("rag"));
}

TEST(ChatTemplateLoadTest, AnotherTemplateTakesTheTokensOfACheckpoint) {
  const ChatTemplate other("{{ eos_token }}");
  EXPECT_EQ(other.render(Json::object({})), "");
  EXPECT_EQ(other.with_tokens_of(nano_model()).render(Json::object({})), "<|im_end|>");
}

TEST(ChatTemplateLoadTest, NanoHasOne) {
  const auto chat_template = ChatTemplate::load(nano_model());
  ASSERT_TRUE(chat_template);
  EXPECT_EQ(chat_template->special_token("eos_token"), "<|im_end|>");
  EXPECT_EQ(chat_template->special_token("bos_token"), std::nullopt);
}

TEST(ChatTemplateTextTest, IsWhatWasWritten) {
  const Json config = read_json(nano_model() / "tokenizer_config.json");
  EXPECT_EQ(ChatTemplate::load(nano_model())->text(), config.at("chat_template").as_string());
  EXPECT_EQ(ChatTemplate("{{ no end").text(), "{{ no end") << "it need not be one";
}

}  // namespace
}  // namespace wedlm
