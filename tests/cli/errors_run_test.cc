// Whatever is wrong with an invocation is said in one line, before the work begins, and in the exit code.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>
#include <fstream>

#include "tests/cli/run_wedlm.h"

namespace wedlm {
namespace {

using testing::HasSubstr;

struct Wrong {
  std::vector<std::string> arguments;
  int exit_code;
  std::string word;  // that the line has to have
};

class ErrorsTest : public testing::TestWithParam<Wrong> {};

TEST_P(ErrorsTest, OneLineAndTheExitCode) {
  const Finished run = run_wedlm(GetParam().arguments, {}, {"WEDLM_MODEL=" + nano_model().string()});
  EXPECT_EQ(run.exit_code, GetParam().exit_code);
  EXPECT_EQ(run.num_error_lines(), 1U) << run.err;
  EXPECT_TRUE(run.err.starts_with("wedlm: ")) << run.err;
  EXPECT_THAT(run.err, HasSubstr(GetParam().word));
  EXPECT_EQ(run.out, "");
}

const std::vector<Wrong> kWrong = {
    {{"genrate"}, 2, "did you mean generate"},
    {{"help", "genrate"}, 2, "did you mean generate"},
    {{"--nonsense"}, 2, "--nonsense"},
    {{"generate", "hello"}, 2, "-p"},
    {{"generate", "-p", "x", "--max-token", "5"}, 2, "did you mean --max-tokens"},
    {{"generate", "-p"}, 2, "--prompt"},
    {{"generate", "-p", ""}, 2, "empty"},
    {{"generate", "-p", "\xFF"}, 2, "UTF-8"},
    {{"generate"}, 2, "standard input"},
    {{"generate", "-p", "x", "--file", "y"}, 2, "not both"},
    {{"generate", "-p", "x", "--raw", "--system", "y"}, 2, "--raw"},
    {{"generate", "-p", "x", "--raw", "--think", "on"}, 2, "--think"},
    {{"generate", "-p", "x", "--think", "maybe"}, 2, "--think"},
    {{"generate", "-p", "x", "--template-arg", "depth"}, 2, "NAME=VALUE"},
    {{"generate", "-p", "x", "--template-arg", "messages=1"}, 2, "chat_template_kwargs"},
    {{"generate", "-p", "x", "--tools", "/dev/null"}, 2, "--tools"},
    {{"chat", "--tools", "/absent"}, 3, "/absent"},
    {{"chat", "--template", "/absent"}, 3, "/absent"},
    {{"generate", "-p", "x", "-n", "abc"}, 2, "--max-tokens"},
    {{"generate", "-p", "x", "-n", "1e3"}, 2, "--max-tokens"},
    {{"generate", "-p", "x", "-n", "99999999999"}, 2, "--max-tokens"},
    {{"generate", "-p", "x", "-n", "0"}, 2, "--max-tokens: expected an integer from 1"},
    {{"generate", "-p", "x", "-b", "0"}, 2, "1 to 256"},
    {{"generate", "-p", "x", "-b", "257"}, 2, "1 to 256"},
    {{"generate", "-p", "x", "-t", "-1"}, 2, "temperature"},
    {{"generate", "-p", "x", "-t", "nan"}, 2, "--temperature"},
    {{"generate", "-p", "x", "--top-p", "0"}, 2, "--top-p"},
    {{"generate", "-p", "x", "--top-p", "1.5"}, 2, "--top-p"},
    {{"generate", "-p", "x", "--min-p", "1.5"}, 2, "--min-p: expected a number from 0 to 1"},
    {{"generate", "-p", "x", "--top-k", "-2"}, 2, "--top-k"},
    {{"generate", "-p", "x", "--seed", "-1"}, 2, "--seed"},
    {{"generate", "-p", "x", "--stop", ""}, 2, "stop"},
    {{"generate", "-p", "x", "--mode", "fast"}, 2, "autoregressive"},
    {{"generate", "-p", "x", "--mode", "streaming", "--autoregressive"}, 2, "contradict"},
    {{"generate", "-p", "x", "--preset", "slow"}, 2, "balanced"},
    {{"generate", "-p", "x", "--fallback", "any"}, 2, "leftmost"},
    {{"generate", "-p", "x", "--entropy-threshold", "some"}, 2, "--entropy-threshold"},
    {{"generate", "-p", "x", "--entropy-threshold", "0"}, 2, "--entropy-threshold: expected a number above 0, or none"},
    {{"generate", "-p", "x", "--pos-penalty", "-0.1"}, 2, "penalty"},
    {{"generate", "-p", "x", "--max-per-step", "-1"}, 2, "step"},
    {{"generate", "-p", "x", "--backend", "tpu"}, 2, "reference"},
    {{"generate", "-p", "x", "--threads", "-1"}, 2, "--threads"},
    {{"generate", "-p", "x", "--cache-size", "12Q"}, 2, "512M"},
    {{"generate", "-p", "x", "--cache-size", "-1"}, 2, "512M"},
    {{"generate", "-p", "x", "--kv-cache-type", "f16"}, 2, "--kv-cache-type: expected one of bf16, f32, int8"},
    {{"generate", "-p", "x", "--max-num-seqs", "0"}, 2, "--max-num-seqs"},
    {{"generate", "-p", "x", "--mask-token-id", "99999"}, 2, "mask"},
    {{"generate", "-q", "-p", "x", "--cache-size", "1"}, 2, "cache"},
    {{"generate", "-q", "-p", "x", "--max-model-len", "5"}, 2, "prompt"},
    {{"generate", "-q", "-p", "x", "--max-model-len", "99999"}, 2, "2048"},
    {{"generate", "-p", "x", "-m", ""}, 2, "--model"},
    {{"generate", "-p", "x", "-m", "/nonexistent\nfolder"}, 3, "nonexistent"},
    {{"generate", "-p", "x", "-m", "no-one/nothing"}, 3, "no-one/nothing"},
    {{"generate", "--file", "/nonexistent.jsonl"}, 3, "nonexistent"},
    {{"generate", "--file", "/"}, 3, "/"},
    {{"benchmark", "--runs", "0"}, 2, "--runs"},
    {{"sweep"}, 2, "name a file"},
    {{"sweep", "x.jsonl", "--runs", "0"}, 2, "--runs"},
    {{"sweep", "x.jsonl", "--batch", "0"}, 2, "--batch"},
    {{"sweep", "x.jsonl", "--limit", "0"}, 2, "--limit"},
    {{"sweep", "x.jsonl", "-s", ""}, 2, "expected a mode"},
    {{"sweep", "x.jsonl", "-s", "fast"}, 2, "expected one of streaming, autoregressive, exact, gated, got \"fast\""},
    {{"sweep", "x.jsonl", "-s", "exact foo=1"}, 2, "unknown option \"foo\"; known after the mode are preset"},
    {{"sweep", "x.jsonl", "-s", "streaming entropy=1"}, 2, "setting \"streaming entropy=1\""},
    {{"sweep", "x.jsonl", "-s", "streaming entropy-treshold=1"}, 2, "did you mean entropy-threshold?"},
    {{"sweep", "x.jsonl", "-s", "exact draft-threshold=3"}, 2, "from 0 to 1"},
    {{"sweep", "x.jsonl", "-s", "streaming mode=exact"}, 2, "unknown option \"mode\""},
    {{"sweep", "x.jsonl", "-s", "streaming preset=slow"}, 2, "balanced"},
    {{"sweep", "/nonexistent.jsonl"}, 3, "nonexistent"},
    {{"benchmark", "--warmup", "-1"}, 2, "--warmup"},
    {{"benchmark", "--mode", "autoregressive"}, 2, "choose --mode streaming, exact or gated"},
    {{"bench", "--shape", "qwen9"}, 2, "qwen3-8b"},
    {{"bench", "--shape", "/dev/null"}, 3, "/dev/null"},
    {{"bench", "--weights", "bf16,int3"}, 2, "int3"},
    {{"bench", "--weights", ""}, 2, "bf16"},
    {{"bench", "--rows", "1,0"}, 2, "--rows"},
    {{"bench", "--rows", "1,,2"}, 2, "--rows"},
    {{"bench", "--rows", "x"}, 2, "--rows"},
    {{"bench", "--context", "-1"}, 2, "--context"},
    {{"bench", "--prefill", "0"}, 2, "--prefill"},
    {{"bench", "--runs", "0"}, 2, "--runs"},
    {{"bench", "--threads", "-1"}, 2, "--threads"},
    {{"info", "--context", "0"}, 2, "--context"},
    {{"info", "/nonexistent"}, 3, "nonexistent"},
    {{"info", "one", "two"}, 2, "two"},
    {{"verify", "/"}, 3, "config.json"},
    {{"merge"}, 2, "name an adapter's folder"},
    {{"merge", "/nonexistent"}, 2, "-o"},
    {{"merge", "/nonexistent", "-o", "/tmp/x"}, 3, "nonexistent"},
    {{"merge", "/", "-o", "/tmp/x"}, 2, "holds no adapter"},
    {{"tokenize", "-m", "/", "-p", "x"}, 2, "tokenizer"},
    {{"tokenize", "--jsonl", "-p", "x"}, 2, "--jsonl"},
    {{"template", "--template", "/nonexistent"}, 3, "nonexistent"},
    {{"template"}, 2, "standard input"},
    {{"completion"}, 2, "bash"},
    {{"completion", "tcsh"}, 2, "fish"},
};

std::string name_of(const testing::TestParamInfo<Wrong>& wrong) {
  std::string name = "case_" + std::to_string(wrong.index);
  for (const std::string& argument : wrong.param.arguments) {
    name += '_';
    for (const char c : argument.substr(0, 24)) {
      if (std::isalnum(static_cast<unsigned char>(c)) != 0) name += c;
    }
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, ErrorsTest, testing::ValuesIn(kWrong), name_of);

TEST(FileErrorsTest, ABadLineIsNamed) {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "p.jsonl").string();
  const std::string good = "{\"prompt\": \"Hi\"}\n";
  for (const std::string bad :
       {"{", "[]", "{}", "{\"prompt\": 3}", "{\"prompt\": \"\"}", "{\"messages\": []}", "{\"messages\": [1]}",
        "{\"messages\": [{\"content\": \"x\"}]}", "{\"prompt\": \"a\", \"messages\": []}"}) {
    std::ofstream(path) << good << "\n" << bad << "\n" << good;
    const Finished run = run_wedlm({"generate", "-m", nano_model().string(), "-f", path, "-n", "2"});
    EXPECT_EQ(run.exit_code, 2) << bad;
    EXPECT_EQ(run.num_error_lines(), 1U) << run.err;
    EXPECT_THAT(run.err, HasSubstr("line 3 of " + path)) << bad;
  }
}

TEST(FileErrorsTest, APromptThatIsTooLongIsNamedBeforeAnyAnswer) {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "p.jsonl").string();
  std::string long_text;
  for (int i = 0; i < 3000; ++i) long_text += " 7";
  std::ofstream(path) << "{\"prompt\": \"Hi\"}\n{\"prompt\": \"" << long_text << "\"}\n";
  const Finished run = run_wedlm({"generate", "-m", nano_model().string(), "-q", "-f", path, "-n", "2"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.num_error_lines(), 1U) << run.err;
  EXPECT_THAT(run.err, HasSubstr("line 2 of " + path));
  EXPECT_EQ(run.out, "");
}

TEST(FileErrorsTest, AModelWithoutATokenizerTakesNoText) {
  const Finished run =
      run_wedlm({"generate", "-q", "-m", test_data("checkpoints/qwen2.5-bias-f16").string(), "-p", "x"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.num_error_lines(), 1U) << run.err;
  EXPECT_THAT(run.err, HasSubstr("tokenizer"));
}

}  // namespace
}  // namespace wedlm
