// What needs no weights: tokenize, template, help, completion.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <map>

#include "tests/cli/run_wedlm.h"

namespace wedlm {
namespace {

using testing::HasSubstr;

/// Cases and vocabulary of Qwen2, on which three other tokenizers agree.
TEST(TokenizeTest, LinesOfTextsGiveTheRecordedIds) {
  const auto folder = shared_data("tokenizers/qwen2");
  if (!folder) GTEST_SKIP() << "the shared data has no tokenizers/qwen2";
  const TemporaryFolder model;
  for (const char* name : {"vocab.json", "merges.txt"}) {
    std::filesystem::create_symlink(*folder / name, model.path() / name);
  }
  const Json cases = parse_json(read_text(*folder / "cases.json"), "cases.json");
  std::string lines;
  for (const Json& one : cases.as_array()) {
    lines += write_json(Json::object({{"text", one.at("text")}})) + "\n";
  }
  const Finished run = run_wedlm({"tokenize", "--jsonl", "-m", model.path().string()}, lines);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const std::vector<Json> results = run.json_lines();
  ASSERT_EQ(results.size(), cases.as_array().size());
  for (std::size_t i = 0; i < results.size(); ++i) {
    EXPECT_EQ(results[i].at("ids"), cases.as_array()[i].at("ids")) << write_json(cases.as_array()[i]);
  }
}

TEST(TokenizeTest, IdsDecodeToTheText) {
  const std::string text = "Ünï <|im_end|> 123\n\tx";
  const Finished run = run_wedlm({"tokenize", "-m", nano_model().string(), "--json", "-p", text});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.json_lines().at(0).at("decoded").as_string(), text);
  const Finished piped = run_wedlm({"tokenize", "-m", nano_model().string(), "--json"}, text);
  EXPECT_EQ(piped.out, run.out);
  const Finished plain = run_wedlm({"tokenize", "-m", nano_model().string(), "-p", "<|im_end|>"});
  EXPECT_EQ(plain.out, "2046\n    2046  \"<|im_end|>\"\n");
}

TEST(TokenizeTest, ReadsAPipeWithAName) {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "pipe").string();
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  Running running({"tokenize", "-m", nano_model().string(), "--json", "--file", path}, "");
  std::ofstream(path) << "1, 2";
  const Finished run = running.wait();
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.json_lines().at(0).at("decoded").as_string(), "1, 2");
}

TEST(TokenizeTest, ABadLineIsNamed) {
  const Finished run =
      run_wedlm({"tokenize", "-m", nano_model().string(), "--jsonl"}, "{\"text\": \"a\"}\n{\"t\": 1}\n");
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.num_error_lines(), 1U);
  EXPECT_THAT(run.err, HasSubstr("line 2 of standard input"));
}

/// Renderings by Hugging Face's own Jinja.
TEST(TemplateTest, RendersTheRecordedTexts) {
  const auto folder = shared_data("templates");
  if (!folder) GTEST_SKIP() << "the shared data has no templates";
  const Json cases = parse_json(read_text(*folder / "cases.json"), "cases.json");
  std::map<std::string, std::string> inputs, expected;
  for (const Json& one : cases.as_array()) {
    const std::string name = one.at("template").as_string();
    inputs[name] += write_json(one.at("input")) + "\n";
    expected[name] += write_json(Json::object({{"rendered", one.at("rendered")}})) + "\n";
  }
  ASSERT_GE(inputs.size(), 3U);
  for (const auto& [name, lines] : inputs) {
    const std::string path = (*folder / (name + ".jinja")).string();
    const Finished run = run_wedlm({"template", "--template", path, "--jsonl"}, lines);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    EXPECT_EQ(run.out, expected[name]) << name;
  }
}

TEST(TemplateTest, PrintsTheTextExactly) {
  const std::string input = R"({"messages": [{"role": "user", "content": "Hi"}], "add_generation_prompt": true})";
  const Finished run = run_wedlm({"template", "-m", nano_model().string()}, input);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out, "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n");
}

TEST(TemplateTest, AnErrorOfTheTemplateIsOneLine) {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "t.jinja").string();
  std::ofstream(path) << "{{ raise_exception('first\nsecond') }}";
  const Finished run = run_wedlm({"template", "--template", path}, "{\"messages\": []}");
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.num_error_lines(), 1U) << run.err;
}

TEST(HelpTest, EveryCommandHasHelpWithAnExample) {
  const Finished program = run_wedlm({"--help"});
  EXPECT_EQ(program.exit_code, 0);
  EXPECT_EQ(run_wedlm({}).out, program.out);
  for (const char* command : {"generate", "chat", "serve", "benchmark", "sweep", "bench", "info", "verify", "quantize",
                              "export", "merge", "tokenize", "template", "train", "train-tokenizer", "completion"}) {
    EXPECT_THAT(program.out, HasSubstr(std::string("\n  ") + command));
    const Finished run = run_wedlm({command, "--help"});
    EXPECT_EQ(run.exit_code, 0);
    EXPECT_EQ(run.err, "");
    EXPECT_THAT(run.out, HasSubstr(std::string("Usage: wedlm ") + command));
    EXPECT_THAT(run.out, HasSubstr("Example"));
    EXPECT_EQ(run_wedlm({"help", command}).out, run.out);
  }
  EXPECT_THAT(run_wedlm({"--version"}).out, testing::MatchesRegex("wedlm [0-9.]+\n(.+: .+\n)+"));
}

TEST(CompletionTest, BashCompletesCommandsOptionsAndValues) {
  const TemporaryFolder folder;
  const Finished script = run_wedlm({"completion", "bash"});
  ASSERT_EQ(script.exit_code, 0);
  std::ofstream(folder.path() / "wedlm.bash") << script.out;
  const auto complete = [&](const std::string& words, int index) {
    const std::string out = (folder.path() / "out").string();
    const std::string command = "bash -c 'source " + (folder.path() / "wedlm.bash").string() + "; COMP_WORDS=(" +
                                words + "); COMP_CWORD=" + std::to_string(index) +
                                "; _wedlm; echo \"${COMPREPLY[@]}\"' > " + out;
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
    return read_text(out);
  };
  EXPECT_EQ(std::system(("bash -n " + (folder.path() / "wedlm.bash").string()).c_str()), 0);
  EXPECT_EQ(complete("wedlm gen", 1), "generate\n");
  EXPECT_EQ(complete("wedlm generate --max-t", 2), "--max-tokens\n");
  EXPECT_EQ(complete("wedlm generate --preset ba", 3), "balanced\n");
  EXPECT_EQ(complete("wedlm completion zs", 2), "zsh\n");
}

TEST(CompletionTest, OtherShellsNameEveryCommand) {
  for (const char* shell : {"zsh", "fish"}) {
    const Finished script = run_wedlm({"completion", shell});
    EXPECT_EQ(script.exit_code, 0);
    for (const char* command : {"generate", "chat", "benchmark", "verify", "max-tokens", "balanced"}) {
      EXPECT_THAT(script.out, HasSubstr(command)) << shell;
    }
  }
}

}  // namespace
}  // namespace wedlm
