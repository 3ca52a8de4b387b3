// Checkpoints as other programs leave them on the disk, through the front door.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <utility>

#include "tests/cli/run_wedlm.h"
#include "tests/support/malformed_checkpoints.h"

namespace wedlm {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

constexpr const char* kPointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 123\n";

void write_bytes(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

std::string with_replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

/// A copy of a checkpoint of the tests, whose recorded logits go on holding.
class FoldersRunTest : public testing::Test {
 protected:
  void copy(const fs::path& from) {
    fs::remove_all(folder_);
    fs::copy(from, folder_);
  }
  /// The share that verify finds, of every row's range. Processors that multiply bfloat16 round rows to it.
  void expect_recorded_logits(const fs::path& logits) const {
    for (const auto& [backend, tolerance] : {std::pair("cpu", "0.01"), std::pair("reference", "0.0002")}) {
      const Finished run = run_wedlm(
          {"verify", folder_.string(), "--logits", logits.string(), "--tolerance", tolerance, "--backend", backend});
      EXPECT_EQ(run.exit_code, 0) << run.err;
    }
  }

  TemporaryFolder temporary_;
  fs::path folder_ = temporary_.path() / "model";
};

TEST_F(FoldersRunTest, AHeaderOfAnyLengthIsRead) {
  const fs::path original = test_data("checkpoints/qwen2.5-bias-f16");
  copy(original);
  auto [header, data] = safetensors_parts(original / "model.safetensors");
  while (header.size() % 2 == 0) header += ' ';  // as mlx writes it: whatever length it has
  write_bytes(folder_ / "model.safetensors", safetensors_file(header, data));
  expect_recorded_logits(original / "logits.json");
}

TEST_F(FoldersRunTest, PanelsMayStandAtAnyByteToo) {
  const std::vector<std::string> question = {"generate", "-q", "-p", "Count from 1 to 20", "-t", "0", "-m"};
  const auto answer = [&](const std::string& model) {
    std::vector<std::string> arguments = question;
    arguments.push_back(model);
    const Finished run = run_wedlm(arguments);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    return run.out;
  };
  const std::string quantized = (temporary_.path() / "int4").string();
  ASSERT_EQ(run_wedlm({"quantize", nano_model().string(), quantized, "--weights", "int4"}).exit_code, 0);
  const std::string expected = answer(quantized);
  auto [header, data] = safetensors_parts(quantized + "/model.safetensors");
  write_bytes(quantized + "/model.safetensors", safetensors_file(header + ' ', data));
  EXPECT_EQ(answer(quantized), expected);
  EXPECT_NE(expected, "");
}

TEST_F(FoldersRunTest, AModelWithoutItsHeadHasNamesWithoutModel) {
  const fs::path original = test_data("checkpoints/qwen3-tied-f32-headdim32");
  copy(original);
  const auto [header, data] = safetensors_parts(original / "model.safetensors");
  write_bytes(folder_ / "model.safetensors", safetensors_file(with_replaced(header, "\"model.", "\""), data));
  const std::string config = read_text(original / "config.json");
  write_bytes(folder_ / "config.json", with_replaced(config, "Qwen3ForCausalLM", "Qwen3Model"));
  expect_recorded_logits(original / "logits.json");
}

TEST_F(FoldersRunTest, AShardMayHaveSpacesInItsName) {
  const fs::path original = test_data("checkpoints/qwen3-untied-2shards-bf16");
  copy(original);
  const std::string index = read_text(original / "model.safetensors.index.json");
  write_bytes(folder_ / "model.safetensors.index.json", with_replaced(index, "model-0000", "my model (é) 0"));
  for (const std::string shard : {"1-of-00002.safetensors", "2-of-00002.safetensors"}) {
    fs::rename(folder_ / ("model-0000" + shard), folder_ / ("my model (é) 0" + shard));
  }
  expect_recorded_logits(original / "logits.json");
}

TEST_F(FoldersRunTest, AnAdapterBesideTheModelIsToldOnce) {
  copy(nano_model());
  write_bytes(folder_ / "adapter_config.json", R"({"peft_type": "LORA", "base_model_name_or_path": "Qwen/Qwen3-8B"})");
  const auto is_told = AllOf(HasSubstr("LORA adapter of Qwen/Qwen3-8B"), HasSubstr("not applied"));
  const std::string out = (temporary_.path() / "out").string(), model = folder_.string();
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"generate", "-m", model, "-p", "Count", "-n", "4"},
        std::vector<std::string>{"verify", "-m", model},
        std::vector<std::string>{"quantize", model, out, "--weights", "int8"}}) {
    const Finished run = run_wedlm(command);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    EXPECT_THAT(run.err, is_told) << command.front();
    EXPECT_EQ(run.err.find("Qwen/Qwen3-8B"), run.err.rfind("Qwen/Qwen3-8B")) << command.front();
  }
  EXPECT_THAT(run_wedlm({"info", model}).out, is_told);
  EXPECT_THAT(run_wedlm({"info", model, "--json"}).json_lines().at(0).at("adapter").as_string(), HasSubstr("Qwen3-8B"));
  EXPECT_TRUE(run_wedlm({"info", nano_model().string(), "--json"}).json_lines().at(0).at("adapter").is_null());
}

TEST_F(FoldersRunTest, TokenizerFilesThatAreNotReallyThereAreNoAbsentTokenizer) {
  for (const char* name : {"tokenizer.json", "tokenizer_config.json", "chat_template.jinja"}) {
    copy(nano_model());
    write_bytes(folder_ / name, kPointer);
    const Finished pointer = run_wedlm({"generate", "-q", "-m", folder_.string(), "-p", "x"});
    EXPECT_EQ(pointer.exit_code, 2) << name;
    EXPECT_THAT(pointer.err, AllOf(HasSubstr(name), HasSubstr("git lfs pull")));
    fs::remove(folder_ / name);
    fs::create_symlink("../blobs/0123", folder_ / name);
    const Finished link = run_wedlm({"generate", "-q", "-m", folder_.string(), "-p", "x"});
    EXPECT_EQ(link.exit_code, 3) << name;
    EXPECT_THAT(link.err, AllOf(HasSubstr(name), HasSubstr("hf download")));
    EXPECT_EQ(link.num_error_lines(), 1U);
  }
}

}  // namespace
}  // namespace wedlm
