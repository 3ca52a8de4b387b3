#include "cli/options/prompts.h"

#include <gtest/gtest.h>

#include <fstream>

#include "cli/terminal/text_input.h"
#include "tests/support/data.h"
#include "wedlm/base/error.h"

namespace wedlm::cli {
namespace {

class PromptsTest : public testing::Test {
 protected:
  std::string file(const std::string& name, const std::string& text) const {
    const std::string path = (folder_.path() / name).string();
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

 private:
  TemporaryFolder folder_;
};

TEST_F(PromptsTest, ATextFileIsOnePromptWithoutItsLastNewline) {
  const std::string path = file("p.txt", "one\ntwo\r\n");
  EXPECT_EQ(read_prompts({.file = path}).at(0).text, "one\ntwo");
  EXPECT_EQ(read_prompts({.file = path, .raw = true}).at(0).text, "one\ntwo\r\n");
}

TEST_F(PromptsTest, AJsonlFileHasOnePromptALine) {
  const std::string path = file("p.jsonl", "{\"prompt\": \"a\"}\n\n{\"messages\": [{\"role\": \"user\"}]}\r\n");
  const std::vector<Prompt> prompts = read_prompts({.file = path});
  ASSERT_EQ(prompts.size(), 2U);
  EXPECT_EQ(prompts[0].text, "a");
  EXPECT_EQ(prompts[1].source, "line 3 of " + path);
  EXPECT_EQ(prompts[1].messages.as_array().size(), 1U);
  EXPECT_THROW(read_prompts({.file = path, .raw = true}), InvalidInput);
}

TEST_F(PromptsTest, AListHasOnePromptALineInATextFileToo) {
  const std::vector<PromptLine> lines = read_prompt_lines({.file = file("p.txt", "one\n\ntwo\r\n")});
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[1].prompt.text, "two");
  EXPECT_TRUE(lines[1].prompt.source.starts_with("line 3 of ")) << lines[1].prompt.source;
  EXPECT_TRUE(lines[1].object.is_null());
  const std::vector<PromptLine> objects =
      read_prompt_lines({.file = file("p.jsonl", R"({"prompt": "a", "answer": 7})")});
  ASSERT_EQ(objects.size(), 1U);
  EXPECT_EQ(objects[0].prompt.text, "a");
  EXPECT_EQ(objects[0].object.at("answer").as_integer(), 7);
  EXPECT_THROW(read_prompt_lines({.file = file("e.txt", "\n \n")}), InvalidInput);
}

TEST_F(PromptsTest, EmptyInputIsRefused) {
  EXPECT_THROW(read_prompts({.file = file("p.jsonl", "\n \n")}), InvalidInput);
  EXPECT_THROW(read_prompts({.file = file("p.txt", "\n")}), InvalidInput);
  EXPECT_THROW(read_prompts({.texts = {"a", ""}}), InvalidInput);
  EXPECT_THROW(read_prompts({.file = file("b.txt", "\xC3(")}), InvalidInput);
}

TEST_F(PromptsTest, TheSystemMessageIsThatOfEachPrompt) {
  const std::string path = file("p.jsonl", "{\"prompt\": \"a\"}\n{\"messages\": [{\"role\": \"system\"}]}\n");
  const std::vector<Prompt> prompts = read_prompts({.file = path, .system = "S"});
  EXPECT_EQ(write_json(prompts[0].messages), R"([{"role":"system","content":"S"},{"role":"user","content":"a"}])");
  EXPECT_EQ(write_json(prompts[1].messages), R"([{"role":"system"}])") << "it has its own";
  EXPECT_THROW(read_prompts({.texts = {"a"}, .system = "S", .raw = true}), InvalidInput);
  EXPECT_EQ(read_prompts({.texts = {"a"}, .raw = true}).at(0).form, PromptForm::kRaw);
}

TEST_F(PromptsTest, LinesAreCountedFromOneAndBlankOnesToo) {
  std::vector<std::string> seen;
  for_each_line({.name = "f", .text = "a\n\n b \nc"}, [&](std::string_view line, const std::string& name) {
    seen.push_back(name + "=" + std::string(line));
  });
  EXPECT_EQ(seen, (std::vector<std::string>{"line 1 of f=a", "line 3 of f= b ", "line 4 of f=c"}));
}

}  // namespace
}  // namespace wedlm::cli
