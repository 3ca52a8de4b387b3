#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <limits>

#include "tests/cli/run_wedlm.h"
#include "tests/support/malformed_checkpoints.h"

namespace wedlm {
namespace {

using testing::HasSubstr;

class MalformedCheckpointTest : public testing::TestWithParam<MalformedCheckpoint> {};

TEST_P(MalformedCheckpointTest, IsRefusedInOneLine) {
  if (GetParam().needs_ordinary_user && ::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  const TemporaryFolder folder;
  GetParam().write(folder.path());
  const int expected = GetParam().refusal == MalformedCheckpoint::Refusal::kInvalidInput ? 2 : 3;
  for (const std::string command : {"verify", "generate"}) {
    std::vector<std::string> arguments = {command, "--quiet", "-m", folder.path().string()};
    if (command == "generate") arguments.insert(arguments.end(), {"-p", "x"});
    const Finished run = run_wedlm(arguments);
    EXPECT_EQ(run.exit_code, expected) << command << ": " << run.err;
    EXPECT_EQ(run.num_error_lines(), 1U) << run.err;
    for (const std::string& word : GetParam().words) EXPECT_THAT(run.err, HasSubstr(word));
  }
}

INSTANTIATE_TEST_SUITE_P(All, MalformedCheckpointTest, testing::ValuesIn(malformed_checkpoints()),
                         [](const auto& checkpoint) { return checkpoint.param.name; });

TEST(VerifyTest, SoundCheckpointsEndWithOk) {
  const Finished nano = run_wedlm({"verify", nano_model().string()});
  EXPECT_EQ(nano.exit_code, 0) << nano.err;
  EXPECT_TRUE(nano.out.ends_with("\nok\n")) << nano.out;
  EXPECT_EQ(nano.err, "");
  for (const char* name : {"qwen2.5-bias-f16", "qwen3-tied-f32-headdim32", "qwen3-untied-2shards-bf16"}) {
    const Finished run = run_wedlm({"verify", test_data("checkpoints").string() + "/" + name});
    EXPECT_EQ(run.exit_code, 0) << name << ": " << run.err;
    EXPECT_THAT(run.out, HasSubstr("token ids only"));
    EXPECT_TRUE(run.out.ends_with("\nok\n")) << run.out;
  }
}

/// Only what renders a template needs a good one.
TEST(TemplateFaultTest, HindersOnlyWhatRendersIt) {
  const TemporaryFolder parent;
  const std::filesystem::path model = parent.path() / "model";
  std::filesystem::copy(nano_model(), model);
  std::ofstream(model / "chat_template.jinja") << "{% for %}";
  const std::string fault = "chat_template.jinja line 1: ";

  const Finished verified = run_wedlm({"verify", model.string()});
  EXPECT_EQ(verified.exit_code, 0) << verified.err;
  EXPECT_THAT(verified.out, HasSubstr("a chat template that cannot be used: " + fault));
  EXPECT_TRUE(verified.out.ends_with("\nok\n"));
  const std::vector<std::string> ask = {"generate", "-m", model.string(), "-q", "-n", "2", "-p", "Hi"};
  std::vector<std::string> ask_raw = ask;
  ask_raw.emplace_back("--raw");
  EXPECT_EQ(run_wedlm(ask_raw).exit_code, 0);
  for (const Finished& run : {run_wedlm(ask), run_wedlm({"chat", "-q", "-m", model.string()}, "Hi\n"),
                              run_wedlm({"template", "-m", model.string()}, R"({"messages": [{"role": "user"}]})")}) {
    EXPECT_EQ(run.exit_code, 2);
    EXPECT_EQ(run.num_error_lines(), 1U);
    EXPECT_THAT(run.err, HasSubstr(fault));
  }
}

TEST(VerifyTest, ComparesRecordedLogits) {
  const std::filesystem::path tied = test_data("checkpoints") / "qwen3-tied-f32-headdim32";
  const std::filesystem::path bias = test_data("checkpoints") / "qwen2.5-bias-f16";
  for (const char* backend : {"cpu", "reference"}) {
    const Finished same = run_wedlm({"verify", tied.string(), "--logits", (tied / "logits.json").string(),
                                     "--tolerance", "0.0002", "--backend", backend});
    EXPECT_EQ(same.exit_code, 0) << same.err;
    EXPECT_THAT(same.out, HasSubstr("largest error"));
  }
  const Finished other = run_wedlm({"verify", "-q", tied.string(), "--logits", (bias / "logits.json").string()});
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_EQ(other.num_error_lines(), 1U) << other.err;
  EXPECT_THAT(other.err, HasSubstr("expected at most 0.02"));
}

TEST(VerifyTest, NamesTheWorstRow) {
  const std::filesystem::path model = test_data("checkpoints") / "qwen3-tied-f32-headdim32";
  Json records = parse_json(read_text(model / "logits.json"), "logits.json");
  Json::Array changed = records.as_array();
  ASSERT_GE(changed.size(), 2U);
  Json::Object record = changed[1].as_object();
  const auto member = std::ranges::find(record, "prompt_last_logits", &JsonMember::key);
  Json::Array logits = member->value.as_array();
  logits[3] = 1000;
  member->value = logits;
  const std::size_t position = changed[1].at("prompt_ids").as_array().size() - 1;
  changed[1] = record;
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "changed.json") << write_json(changed);
  const Finished run =
      run_wedlm({"verify", "-q", model.string(), "--logits", (folder.path() / "changed.json").string()});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("record 1, position " + std::to_string(position) + ", token 3 has "));
  EXPECT_THAT(run.err, HasSubstr("recorded is 1000"));
}

TEST(VerifyTest, SaysWhatSmallerWeightsChange) {
  const std::string text = (nano_model() / "README.md").string();
  const auto agreement = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"verify", nano_model().string(), "--text", text});
    const Finished run = run_wedlm(arguments);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    const std::size_t line = run.out.find("text       ok   ");
    return line == std::string::npos ? -1.0 : std::stod(run.out.substr(line + 16));
  };
  EXPECT_EQ(agreement({}), 100);
  const double int8 = agreement({"--weights", "int8"}), int4 = agreement({"--weights", "int4"});
  EXPECT_GT(int8, 95);
  EXPECT_LT(int4, int8);
  EXPECT_GT(int4, 60);  // English, of which this model knows nothing: near ties everywhere
  const Finished without =
      run_wedlm({"verify", "-q", (test_data("checkpoints") / "qwen2.5-bias-f16").string(), "--text", text});
  EXPECT_EQ(without.exit_code, 2);
  EXPECT_THAT(without.err, HasSubstr("no tokenizer files"));
}

TEST(VerifyTest, RefusesRecordsThatDoNotFit) {
  const std::filesystem::path model = test_data("checkpoints") / "qwen3-tied-f32-headdim32";
  const TemporaryFolder folder;
  const std::filesystem::path record = folder.path() / "logits.json";
  for (const char* text :
       {"", "{}", "[]", "[1]", "[{}]", R"([{"prompt_ids": [], "prompt_last_logits": []}])",
        R"([{"prompt_ids": [1], "prompt_last_logits": [0.5]}])", R"([{"prompt_ids": [331], "prompt_last_logits": []}])",
        R"([{"prompt_ids": [-1], "prompt_last_logits": []}])",
        R"([{"prompt_ids": ["a"], "prompt_last_logits": []}])"}) {
    std::ofstream(record) << text;
    const Finished run = run_wedlm({"verify", "-q", model.string(), "--logits", record.string()});
    EXPECT_EQ(run.exit_code, 2) << text << ": " << run.err;
    EXPECT_EQ(run.num_error_lines(), 1U) << run.err;
    EXPECT_THAT(run.err, HasSubstr("logits.json"));
  }
  EXPECT_EQ(run_wedlm({"verify", "-q", model.string(), "--logits", "/nonexistent.json"}).exit_code, 3);
}

TEST(VerifyTest, NamesTheTensorThatHoldsNaN) {
  const TemporaryFolder folder;
  write_small_checkpoint(folder.path());
  const std::filesystem::path file = folder.path() / "model.safetensors";
  std::string bytes = read_text(file);
  const float not_a_number = std::numeric_limits<float>::quiet_NaN();
  std::memcpy(bytes.data() + bytes.size() - sizeof not_a_number, &not_a_number, sizeof not_a_number);
  std::FILE* out = std::fopen(file.c_str(), "wb");
  ASSERT_NE(out, nullptr);
  std::fwrite(bytes.data(), 1, bytes.size(), out);
  std::fclose(out);
  const Finished run = run_wedlm({"verify", "-q", folder.path().string()});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.num_error_lines(), 1U) << run.err;
  EXPECT_THAT(run.err, HasSubstr("NaN"));
  EXPECT_THAT(run.err, HasSubstr(".weight (1 of "));
}

/// tools/record_peft.py has written them. All is float32.
TEST(MergeTest, AnAdapterOfPeftHasPeftsMergedLogits) {
  const TemporaryFolder folder;
  const std::string base = test_data("checkpoints/qwen3-tied-f32-headdim32").string();
  const std::string adapter = test_data("adapters/peft").string(), merged = (folder.path() / "merged").string();
  const Finished run = run_wedlm({"merge", adapter, "-m", base, "-o", merged});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const Finished compared = run_wedlm({"verify", merged, "--logits", adapter + "/logits.json"});
  ASSERT_EQ(compared.exit_code, 0) << compared.err;
  const std::string title = "largest error ";
  const std::size_t found = compared.out.find(title);
  ASSERT_NE(found, std::string::npos) << compared.out;
  EXPECT_LT(std::stod(compared.out.substr(found + title.size())), 1e-5);
  EXPECT_EQ(run_wedlm({"verify", base, "--logits", adapter + "/logits.json"}).exit_code, 2) << "it changes nothing";
}

TEST(InfoTest, SaysWhatTheConfigurationSays) {
  const Finished run = run_wedlm({"info", nano_model().string(), "--json", "--context", "100"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const Json info = run.json_lines().at(0);
  const Json config = parse_json(read_text(nano_model() / "config.json"), "config.json");
  for (const char* key : {"vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
                          "num_key_value_heads", "head_dim", "max_position_embeddings"}) {
    EXPECT_EQ(info.at(key), config.at(key)) << key;
  }
  EXPECT_EQ(info.at("mask_token").at("id"), config.at("mask_token_id"));
  EXPECT_EQ(info.at("mask_token").at("text").as_string(), "<|mask|>");
  // 5 layers, keys and values, 2 heads of 64, 2 bytes each.
  EXPECT_EQ(info.at("kv_cache_bytes").as_integer(), 100 * 5 * 2 * 2 * 64 * 2);
  EXPECT_EQ(info.at("weight_bytes").as_integer(), 2 * info.at("parameters").as_integer());
  const Finished int8 = run_wedlm({"info", nano_model().string(), "--json", "--kv-cache-type", "int8"});
  EXPECT_EQ(int8.json_lines().at(0).at("kv_bytes_per_token").as_integer(), 5 * 2 * 2 * (64 + 4));
  const Finished text = run_wedlm({"info", nano_model().string()});
  EXPECT_THAT(text.out, HasSubstr("2046 <|im_end|>"));
}

}  // namespace
}  // namespace wedlm
