#include "cli/options/prompts.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "tests/support/data.h"
#include "wedlm/base/error.h"
#include "wedlm/frontend/text_input.h"

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

TEST_F(PromptsTest, APipeWithANameIsAFileToo) {
  for (const std::string name : {"p", "p.jsonl"}) {
    const std::string path = file("x", "") + "." + name;
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    const std::string text(200'000, 'a');  // more than a pipe holds
    std::thread writer(
        [&] { std::ofstream(path) << (name == "p" ? text : R"({"prompt": ")" + text + R"(", "x": NaN})"); });
    EXPECT_EQ(read_prompts({.file = path}).at(0).text, text);
    writer.join();
  }
  EXPECT_THROW(read_input(file("x", "") + "/absent"), ResourceError);
  EXPECT_THROW(read_input(std::filesystem::path(file("x", "")).parent_path().string()), ResourceError);
}

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

TEST_F(PromptsTest, WhatTheTemplateIsToldIsThatOfTheOptionsUnlessALineSaysIt) {
  const std::string tools = file("tools.json", R"([{"type": "function", "function": {"name": "add"}}])");
  const std::string path = file("p.jsonl", R"({"prompt": "a"}
{"prompt": "b", "enable_thinking": true, "tools": null, "chat_template_kwargs": {"level": 3}})");
  const TemplateFlags flags{.think = "off", .tools = tools, .arguments = {"level=2", "name=a=b", "list=[1]"}};
  const std::vector<Prompt> prompts = read_prompts({.file = path, .template_flags = flags});
  const Json& first = prompts.at(0).template_arguments;
  EXPECT_EQ(first.at("enable_thinking"), Json(false));
  EXPECT_EQ(first.at("tools").as_array().at(0).at("function").at("name").as_string(), "add");
  EXPECT_EQ(first.at("level"), Json(2));
  EXPECT_EQ(first.at("name").as_string(), "a=b");
  EXPECT_EQ(first.at("list").as_array().size(), 1U);
  const Json& second = prompts.at(1).template_arguments;
  EXPECT_EQ(second.at("enable_thinking"), Json(true));
  EXPECT_EQ(second.at("level"), Json(3));
  EXPECT_EQ(second.at("name").as_string(), "a=b");
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
