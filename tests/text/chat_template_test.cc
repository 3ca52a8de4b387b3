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

TEST(ChatTemplateLoadTest, ErrorsNameTheFile) {
  const TemporaryFolder folder;
  const auto message = [&](const std::string& config) -> std::string {
    write_file(folder.path() / "tokenizer_config.json", config);
    try {
      ChatTemplate::load(folder.path());
    } catch (const InvalidInput& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(message(R"({"chat_template": "a\nb {{ x | foo }}"})"),
            "tokenizer_config.json: chat_template line 2: unknown filter 'foo'");
  EXPECT_THAT(message(R"({"chat_template": 5})"), HasSubstr("chat_template: expected a string or an array"));
  EXPECT_THAT(message(R"({"chat_template": [{"name": "x", "template": "y"}]})"), HasSubstr("\"default\""));
  EXPECT_THAT(message(R"({"chat_template": [{"name": "default"}]})"), HasSubstr("name and template"));
  EXPECT_THAT(message("[]"), HasSubstr("expected an object"));
}

TEST(ChatTemplateLoadTest, NanoHasOne) {
  const auto chat_template = ChatTemplate::load(nano_model());
  ASSERT_TRUE(chat_template);
  EXPECT_EQ(chat_template->special_token("eos_token"), "<|im_end|>");
  EXPECT_EQ(chat_template->special_token("bos_token"), std::nullopt);
}

}  // namespace
}  // namespace wedlm
