#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/cli/run_wedlm.h"
#include "wedlm/text/tokenizer.h"

namespace wedlm {
namespace {

using testing::HasSubstr;
using testing::Not;

std::vector<TokenId> ids_of(const Json& array) {
  std::vector<TokenId> ids;
  for (const Json& id : array.as_array()) ids.push_back(static_cast<TokenId>(id.as_integer()));
  return ids;
}

class GenerateTest : public testing::TestWithParam<std::string> {
 protected:
  Finished generate(std::vector<std::string> arguments, const std::string& input = {}) const {
    arguments.insert(arguments.begin(), {"generate", "-m", nano_model().string(), "--backend", GetParam()});
    return run_wedlm(arguments, input);
  }
};

TEST_P(GenerateTest, TextIsAloneOnStandardOutput) {
  const Finished run = generate({"-p", "Count from 1 to 5", "-n", "12"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_FALSE(run.out.empty());
  EXPECT_THAT(run.out, Not(HasSubstr("Stats")));
  EXPECT_THAT(run.out, Not(HasSubstr("\x1b")));
  for (const char* word : {"Loaded", "Prompt tokens:", "Tokens generated:", "Time:", "Speed:", "Forwards:",
                           "Tokens per forward:", "Cacheability:", "Time to first token:"}) {
    EXPECT_THAT(run.err, HasSubstr(word));
  }
}

TEST_P(GenerateTest, SeveralAnswersAreThoseOfSeedsInARow) {
  const std::vector<std::string> question = {"-p", "Count", "-p", "Hi", "-n", "8", "-t", "2", "-q", "--json", "--seed"};
  const auto answers = [&](const std::string& seed, std::vector<std::string> more) {
    more.insert(more.begin(), question.begin(), question.end());
    more.insert(more.begin() + static_cast<std::ptrdiff_t>(question.size()), seed);
    const Finished run = generate(more);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    return run.json_lines();
  };
  const std::vector<Json> both = answers("5", {"--num-answers", "2"}), first = answers("5", {}),
                          second = answers("6", {});
  ASSERT_EQ(both.size(), 4U);
  for (std::size_t i = 0; i < both.size(); ++i) {
    const Json& alone = (i % 2 == 0 ? first : second).at(i / 2);
    EXPECT_EQ(both[i].at("index"), Json(static_cast<std::int64_t>(i / 2)));
    EXPECT_EQ(both[i].at("answer"), Json(static_cast<std::int64_t>(i % 2)));
    EXPECT_EQ(both[i].at("text"), alone.at("text"));
    EXPECT_EQ(both[i].at("seed"), alone.at("seed"));
  }
  EXPECT_NE(both[0].at("text"), both[1].at("text"));
  EXPECT_EQ(generate({"-p", "Hi", "--num-answers", "0"}).exit_code, 2);
  const Finished greedy = generate({"-p", "Hi", "-n", "2", "-t", "0", "--num-answers", "2"});
  EXPECT_THAT(greedy.err, HasSubstr("--- prompt, answer 2 ---"));
  EXPECT_THAT(greedy.err, HasSubstr("At temperature 0 all answers"));
}

TEST_P(GenerateTest, QuietSaysNothingElse) {
  const Finished run = generate({"-p", "Count from 1 to 5", "-n", "8", "--quiet"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.err, "");
}

TEST_P(GenerateTest, JsonHoldsTheSameAnswerAndItsFigures) {
  const std::vector<std::string> question = {"-p", "Count from 1 to 9", "-n", "16", "-t", "0", "-q"};
  std::vector<std::string> with_json = question;
  with_json.emplace_back("--json");
  const Finished plain = generate(question);
  const Finished run = generate(with_json);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  ASSERT_EQ(run.json_lines().size(), 1U);
  const Json answer = run.json_lines().front();
  EXPECT_EQ(plain.out, answer.at("text").as_string() + "\n");
  const Tokenizer tokenizer = Tokenizer::load(nano_model());
  const std::vector<TokenId> ids = ids_of(answer.at("token_ids"));
  EXPECT_EQ(tokenizer.decode(ids), answer.at("text").as_string());
  EXPECT_THAT(answer.at("finish_reason").as_string(), testing::AnyOf("stop", "length"));
  EXPECT_EQ(answer.at("index").as_integer(), 0);
  const Json& stats = answer.at("stats");
  EXPECT_EQ(stats.at("tokens").as_integer(), static_cast<std::int64_t>(ids.size()));
  EXPECT_EQ(stats.at("rows").as_integer(), stats.at("prompt_rows").as_integer() + stats.at("decode_rows").as_integer());
  EXPECT_EQ(stats.at("forwards").as_integer(),
            stats.at("prefill_forwards").as_integer() + stats.at("decode_forwards").as_integer());
  EXPECT_NEAR(stats.at("tokens_per_forward").as_number() * stats.at("decode_forwards").as_number(),
              stats.at("tokens").as_number(), 1e-6);
  EXPECT_NEAR(stats.at("cacheability").as_number() * stats.at("decode_rows").as_number(),
              stats.at("tokens").as_number(), 1e-6);
  for (const char* key : {"prefill_seconds", "decode_seconds", "time_to_first_token", "queue_seconds", "prefill_speed",
                          "decode_speed", "cached_prompt_tokens", "preemptions"}) {
    EXPECT_GE(stats.at(key).as_number(), 0) << key;
  }
}

/// One answer a line, in the order of the file, each the same as when it is asked alone.
TEST_P(GenerateTest, AFileOfPromptsRunsAsOneBatchInOrder) {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "prompts.jsonl").string();
  const std::vector<std::string> questions = {"Count from 1 to 12", "Hi", "Solve: 3x + 3 = 15"};
  {
    std::ofstream file(path);
    file << "{\"prompt\": \"" << questions[0] << "\", \"id\": 7}\n\n";
    file << "{\"messages\": [{\"role\": \"user\", \"content\": \"" << questions[1] << "\"}]}\n";
    file << "{\"prompt\": \"" << questions[2] << "\"}\n";
  }
  const Finished batch = generate({"--file", path, "--json", "-q", "-t", "0", "-n", "16"});
  ASSERT_EQ(batch.exit_code, 0) << batch.err;
  const std::vector<Json> answers = batch.json_lines();
  ASSERT_EQ(answers.size(), questions.size());
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const Finished alone = generate({"-p", questions[i], "--json", "-q", "-t", "0", "-n", "16"});
    EXPECT_EQ(answers[i].at("index").as_integer(), static_cast<std::int64_t>(i));
    EXPECT_EQ(answers[i].at("token_ids"), alone.json_lines().at(0).at("token_ids")) << questions[i];
  }
}

TEST_P(GenerateTest, APipeIsOnePromptWithoutItsLastNewline) {
  const Finished piped = generate({"--json", "-q", "-t", "0", "-n", "8"}, "Count from 1 to 5\n");
  const Finished given = generate({"--json", "-q", "-t", "0", "-n", "8", "-p", "Count from 1 to 5"});
  ASSERT_EQ(piped.exit_code, 0) << piped.err;
  EXPECT_EQ(piped.json_lines().at(0).at("token_ids"), given.json_lines().at(0).at("token_ids"));
  EXPECT_EQ(piped.json_lines().at(0).at("prompt_tokens"), given.json_lines().at(0).at("prompt_tokens"));
}

/// The template written out by hand, given raw, is the same prompt.
TEST_P(GenerateTest, RawPromptsHaveTheirSpecialTokensParsed) {
  const Finished with_template = generate({"--json", "-q", "-t", "0", "-n", "8", "-s", "Be kind.", "-p", "Hi"});
  const Finished raw = generate({"--json", "-q", "-t", "0", "-n", "8", "--raw", "-p",
                                 "<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n"
                                 "<|im_start|>assistant\n"});
  ASSERT_EQ(raw.exit_code, 0) << raw.err;
  EXPECT_EQ(raw.json_lines().at(0).at("token_ids"), with_template.json_lines().at(0).at("token_ids"));
  EXPECT_EQ(raw.json_lines().at(0).at("prompt_tokens"), with_template.json_lines().at(0).at("prompt_tokens"));
}

TEST_P(GenerateTest, TheSeedDecidesASample) {
  const auto sample = [&](const char* seed) {
    return generate({"--json", "-q", "-t", "1.5", "-n", "24", "--ignore-eos", "--seed", seed, "-p", "Tell me"})
        .json_lines()
        .at(0);
  };
  const Json first = sample("7");
  EXPECT_EQ(first.at("seed").as_integer(), 7);
  EXPECT_EQ(first.at("token_ids"), sample("7").at("token_ids"));
  EXPECT_FALSE(first.at("token_ids") == sample("8").at("token_ids"));
}

TEST_P(GenerateTest, AutoregressiveTakesOneTokenAForward) {
  const Json answer =
      generate({"--json", "-q", "-t", "0", "-n", "10", "--ignore-eos", "--autoregressive", "-p", "Count"})
          .json_lines()
          .at(0);
  EXPECT_EQ(answer.at("stats").at("decode_forwards").as_integer(), 10);
  EXPECT_EQ(answer.at("stats").at("tokens").as_integer(), 10);
  EXPECT_EQ(answer.at("finish_reason").as_string(), "length");
}

TEST_P(GenerateTest, StopTextsEndTheAnswerBeforeThem) {
  const Json whole = generate({"--json", "-q", "-t", "0", "-n", "24", "-p", "Count from 1 to 9"}).json_lines().at(0);
  const std::string text = whole.at("text").as_string();
  ASSERT_GT(text.size(), 4U);
  const std::string stop = text.substr(3, 2);
  const Json cut =
      generate({"--json", "-q", "-t", "0", "-n", "24", "--stop", stop, "-p", "Count from 1 to 9"}).json_lines().at(0);
  EXPECT_EQ(cut.at("text").as_string(), text.substr(0, text.find(stop)));
  EXPECT_EQ(cut.at("finish_reason").as_string(), "stop");
}

TEST_P(GenerateTest, ShowWindowWithoutATerminalSaysSoAndGoesOn) {
  const Finished run = generate({"-p", "Hi", "-n", "4", "--show-window"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.err, HasSubstr("--show-window needs a terminal"));
  EXPECT_THAT(run.out, Not(HasSubstr("\x1b")));
}

TEST_P(GenerateTest, SeveralPromptsHaveHeadingsOnStandardError) {
  const Finished run = generate({"-p", "Hi", "-p", "Count", "-n", "4"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.err, HasSubstr("--- prompt 1 ---"));
  EXPECT_THAT(run.err, HasSubstr("--- prompt 2 ---"));
}

INSTANTIATE_TEST_SUITE_P(Backends, GenerateTest, testing::Values("cpu", "reference"),
                         [](const auto& name) { return name.param; });

TEST(BenchmarkTest, BothModesAreMeasured) {
  const Finished run =
      run_wedlm({"benchmark", "-m", nano_model().string(), "-n", "8", "--runs", "2", "--json", "-q", "--ignore-eos"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const Json report = run.json_lines().at(0);
  EXPECT_EQ(report.at("autoregressive").at("tokens").as_integer(), 8);
  EXPECT_EQ(report.at("autoregressive").at("tokens_per_forward").as_number(), 1);
  EXPECT_EQ(report.at("streaming").at("tokens").as_integer(), 8);
  EXPECT_GT(report.at("streaming").at("tokens_per_forward").as_number(), 0);
  EXPECT_GT(report.at("peak_memory_bytes").as_integer(), 1 << 20);
  const Finished table = run_wedlm({"benchmark", "-m", nano_model().string(), "-n", "8", "--runs", "1", "-q"});
  EXPECT_THAT(table.out, HasSubstr("than autoregressive"));
}

}  // namespace
}  // namespace wedlm
