// Which weights a model has, against the checkpoints that PyTorch wrote. Those that must be refused are in
// tests/support/malformed_checkpoints.
#include "wedlm/model/weight_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>

#include "tests/model/published_configs.h"
#include "tests/support/data.h"
#include "tests/support/malformed_checkpoints.h"
#include "wedlm/base/error.h"

namespace wedlm {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> all_checkpoints() {
  return {nano_model(), test_data("checkpoints/qwen2.5-bias-f16"), test_data("checkpoints/qwen3-tied-f32-headdim32"),
          test_data("checkpoints/qwen3-untied-2shards-bf16")};
}

TEST(WeightListTest, EveryTensorOfEveryCheckpointIsAccountedFor) {
  for (const fs::path& folder : all_checkpoints()) {
    const Checkpoint checkpoint = Checkpoint::open(folder);
    const ModelConfig config = parse_model_config(checkpoint.config());
    EXPECT_NO_THROW(check_weights(checkpoint, config)) << folder;
    std::set<std::string> names;
    std::int64_t num_elements = 0;
    for (const WeightSpec& spec : weight_list(config)) {
      names.insert(spec.name);
      num_elements += spec.shape.num_elements();
      const Checkpoint::Entry* entry = checkpoint.find(spec.name);
      ASSERT_NE(entry, nullptr) << spec.name;
      EXPECT_EQ(entry->tensor.shape(), spec.shape) << spec.name;
    }
    EXPECT_EQ(names.size(), checkpoint.tensors().size()) << folder;
    EXPECT_EQ(num_elements, config.num_parameters()) << folder;
  }
}

TEST(WeightListTest, CountsAndSumsUpAsTheConfigDoes) {
  ModelConfig config = wedlm_8b();
  EXPECT_EQ(weight_list(config).size(), 399U);
  for (int bits = 0; bits < 16; ++bits) {
    config.tie_word_embeddings = (bits & 1) != 0;
    config.attention_bias = (bits & 2) != 0;
    config.o_proj_bias = (bits & 4) != 0;
    config.qk_norm = (bits & 8) != 0;
    std::int64_t num_elements = 0;
    for (const WeightSpec& spec : weight_list(config)) num_elements += spec.shape.num_elements();
    EXPECT_EQ(num_elements, config.num_parameters()) << bits;
  }
}

TEST(WeightListTest, BytesOfMatricesAreThoseOfTheProjectionsAndOfTheHeadThoughItIsTied) {
  ModelConfig config = wedlm_8b();
  for (const bool is_tied : {false, true}) {
    config.tie_word_embeddings = is_tied;
    std::int64_t layers = 0;
    for (const WeightSpec& spec : weight_list(config)) {
      if (spec.name.ends_with("_proj.weight")) layers += spec.shape.num_elements();
    }
    const std::int64_t head = config.vocab_size * config.hidden_size;
    EXPECT_EQ(matrix_bytes(config, {}, DType::kBF16), 2 * (layers + head));
    EXPECT_EQ(matrix_bytes(config, {.head = {.type = WeightType::kBF16}}, DType::kF32), 4 * layers + 2 * head);
    const std::int64_t scales =
        4 * (config.num_hidden_layers *
                 (config.q_size() + 2 * config.kv_size() + 2 * config.hidden_size + 2 * config.intermediate_size) +
             config.vocab_size);
    EXPECT_EQ(matrix_bytes(config, formats_with(WeightType::kInt8), DType::kBF16), layers + head + scales);
  }
}

TEST(WeightListTest, ComesInTheOrderOfAForward) {
  const ModelConfig config{.vocab_size = 16,
                           .hidden_size = 8,
                           .intermediate_size = 12,
                           .num_hidden_layers = 1,
                           .num_attention_heads = 2,
                           .num_key_value_heads = 1,
                           .head_dim = 6,
                           .attention_bias = true,
                           .o_proj_bias = true,
                           .qk_norm = true};
  std::vector<std::string> lines;
  for (const WeightSpec& spec : weight_list(config)) lines.push_back(spec.name + " " + spec.shape.to_string());
  const std::string layer = "model.layers.0.";
  EXPECT_THAT(
      lines, testing::ElementsAre("model.embed_tokens.weight [16, 8]", layer + "input_layernorm.weight [8]",
                                  layer + "self_attn.q_proj.weight [12, 8]", layer + "self_attn.q_proj.bias [12]",
                                  layer + "self_attn.k_proj.weight [6, 8]", layer + "self_attn.k_proj.bias [6]",
                                  layer + "self_attn.v_proj.weight [6, 8]", layer + "self_attn.v_proj.bias [6]",
                                  layer + "self_attn.q_norm.weight [6]", layer + "self_attn.k_norm.weight [6]",
                                  layer + "self_attn.o_proj.weight [8, 12]", layer + "self_attn.o_proj.bias [8]",
                                  layer + "post_attention_layernorm.weight [8]", layer + "mlp.gate_proj.weight [12, 8]",
                                  layer + "mlp.up_proj.weight [12, 8]", layer + "mlp.down_proj.weight [8, 12]",
                                  "model.norm.weight [8]", "lm_head.weight [16, 8]"));
}

/// The tied checkpoint of the tests, its header rewritten to name one more tensor at the end of the data.
void write_tied_with(const fs::path& folder, const std::string& entry, const std::string& more_data) {
  const fs::path original = test_data("checkpoints/qwen3-tied-f32-headdim32");
  fs::copy_file(original / "config.json", folder / "config.json");
  auto [header, data] = safetensors_parts(original / "model.safetensors");
  header.resize(header.rfind('}'));
  header +=
      ", " + entry + "[" + std::to_string(data.size()) + ", " + std::to_string(data.size() + more_data.size()) + "]}}";
  header.append((8 - header.size() % 8) % 8, ' ');
  std::ofstream(folder / "model.safetensors", std::ios::binary) << safetensors_file(header, data + more_data);
}

std::string error_of(const fs::path& folder) {
  const Checkpoint checkpoint = Checkpoint::open(folder);
  try {
    check_weights(checkpoint, parse_model_config(checkpoint.config()));
  } catch (const InvalidInput& error) {
    return error.what();
  }
  return "";
}

TEST(CheckWeightsTest, ATiedHeadMayBeStoredWhereItIsTheSame) {
  const fs::path original = test_data("checkpoints/qwen3-tied-f32-headdim32");
  const Checkpoint checkpoint = Checkpoint::open(original);
  const Checkpoint::Entry* embedding = checkpoint.find("model.embed_tokens.weight");
  std::string head(static_cast<const char*>(embedding->tensor.data()), static_cast<std::size_t>(embedding->num_bytes));
  const std::string entry = R"("lm_head.weight": {"dtype": "F32", "shape": [331, 64], "data_offsets": )";
  const TemporaryFolder same;
  write_tied_with(same.path(), entry, head);
  EXPECT_EQ(error_of(same.path()), "");
  const TemporaryFolder other;
  head.back() = static_cast<char>(head.back() ^ 1);
  write_tied_with(other.path(), entry, head);
  EXPECT_THAT(error_of(other.path()), testing::HasSubstr("lm_head.weight"));
}

TEST(CheckWeightsTest, BuffersOfTheRotationAreLeftAlone) {
  const TemporaryFolder folder;
  write_tied_with(folder.path(),
                  R"("model.layers.0.self_attn.rotary_emb.inv_freq": {"dtype": "F32", "shape": [2], "data_offsets": )",
                  std::string(8, '\0'));
  EXPECT_EQ(error_of(folder.path()), "");
}

TEST(CheckWeightsTest, WhatCanBeNoWeightIsLeftAlone) {
  for (const char* entry :
       {R"("model.layers.0.self_attn.position_ids": {"dtype": "I64", "shape": [1], "data_offsets": )",
        R"("steps": {"dtype": "F64", "shape": [1], "data_offsets": )",
        R"("model.layers.0.mask": {"dtype": "BOOL", "shape": [2, 2, 2, 1], "data_offsets": )",
        R"("logit_scale": {"dtype": "BF16", "shape": [2, 2, 1, 1], "data_offsets": )",
        R"("temperature": {"dtype": "C64", "shape": [], "data_offsets": )",
        R"("table": {"dtype": "NEW8", "shape": [8], "data_offsets": )"}) {
    const TemporaryFolder folder;
    write_tied_with(folder.path(), entry, std::string(8, '\0'));
    EXPECT_EQ(error_of(folder.path()), "") << entry;
  }
  const TemporaryFolder folder;
  write_tied_with(folder.path(), R"("score.weight": {"dtype": "F32", "shape": [2], "data_offsets": )",
                  std::string(8, '\0'));
  EXPECT_THAT(error_of(folder.path()), testing::HasSubstr("score.weight"));
}

}  // namespace
}  // namespace wedlm
