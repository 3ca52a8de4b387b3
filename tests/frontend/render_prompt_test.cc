// Renderings of prompts against those of Hugging Face's apply_chat_template: which template is taken, what it sees of
// messages and arguments, and where a message that is continued ends (tests/data/templates/make_apply_cases.py).
#include "wedlm/frontend/render_prompt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/data.h"
#include "wedlm/base/error.h"

namespace wedlm {
namespace {

using testing::HasSubstr;

void write_files(const std::filesystem::path& folder, const Json& files) {
  for (const JsonMember& file : files.as_object()) {
    const std::filesystem::path path = folder / file.key;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << (file.value.is_string() ? file.value.as_string() : write_json(file.value));
  }
}

/// The text, or the error with "error: " in front.
std::string outcome(const Json& files, const Json& request) {
  const TemporaryFolder folder;
  write_files(folder.path(), files);
  try {
    const auto chat_template = ChatTemplate::load(folder.path());
    return chat_template ? render_prompt(*chat_template, prompt_of_json(request, "test")) : "no template";
  } catch (const InvalidInput& error) {
    return std::string("error: ") + error.what();
  }
}

TEST(RenderPromptTest, AgreesWithHuggingFace) {
  const Json table = parse_json(read_text(test_data("templates/apply_cases.json")), "apply_cases.json");
  int num_refused = 0;
  for (const Json& recorded : table.as_array()) {
    const std::string rendered = outcome(recorded.at("files"), recorded.at("request"));
    const bool is_refused = recorded.find("error") != nullptr;
    num_refused += is_refused ? 1 : 0;
    if (is_refused) {
      EXPECT_THAT(rendered, testing::StartsWith("error: ")) << write_json(recorded);
    } else {
      EXPECT_EQ(rendered, recorded.at("expected").as_string()) << write_json(recorded);
    }
  }
  EXPECT_GE(table.as_array().size(), 120U);
  EXPECT_GE(num_refused, 20);
}

Json file(const std::string& source) {
  return Json::object({{"chat_template.jinja", source}});
}

TEST(RenderPromptTest, ATextIsTheMessageOfAUser) {
  const Json files =
      file("{% for m in messages %}{{ m.role }}: {{ m.content }}{% endfor %}{{ add_generation_prompt }}");
  EXPECT_EQ(outcome(files, Json::object({{"prompt", "Hi"}})), "user: HiTrue");
  EXPECT_EQ(outcome(files, Json::object({{"prompt", "Hi"}, {"add_generation_prompt", false}})), "user: HiFalse");
}

TEST(RenderPromptTest, ATemplateThatPrintsAMessageTwiceShowsNoMark) {
  const Json request = Json::object({{"prompt", "Hi "}, {"continue_final_message", true}});
  EXPECT_EQ(outcome(file("{% for m in messages %}{{ m.content }}/{{ m.content }};{% endfor %}"), request), "Hi /Hi ");
}

TEST(RenderPromptTest, ErrorsSayWhatWasExpected) {
  const Json continued = Json::object({{"prompt", "Hi"}, {"continue_final_message", true}});
  EXPECT_THAT(outcome(file("x"), continued), HasSubstr("expected the last message in what the chat template makes"));
  const Json named = Json::object(
      {{"tokenizer_config.json", Json::object({{"chat_template", Json::object({{"rag", "R"}, {"tool_use", "T"}})}})}});
  EXPECT_EQ(outcome(named, Json::object({{"prompt", "Hi"}})),
            "error: chat template: expected one named \"default\", found only \"rag\", \"tool_use\": "
            "one has to be chosen");
}

}  // namespace
}  // namespace wedlm
