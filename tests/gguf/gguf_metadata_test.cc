#include "wedlm/gguf/gguf_metadata.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wedlm/base/error.h"
#include "wedlm/model/model_shapes.h"
#include "wedlm/model/weight_list.h"

namespace wedlm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const ModelConfig& nano_shape() {
  return *find_model_shape("nano");
}

GgufText three_tokens() {
  return {.tokenizer =
              TokenizerTables{.texts = {"a", "", "<x>", "<y>"},
                              .kinds = {TokenKind::kText, TokenKind::kUnused, TokenKind::kSpecial, TokenKind::kAdded},
                              .merges = {"a b"},
                              .eos = 2},
          .chat_template = "{{ messages }}"};
}

/// The value of that key; fails the test where there is none.
template <class Value>
Value value_of(const std::vector<GgufMetadata>& metadata, const std::string& key) {
  for (const GgufMetadata& item : metadata) {
    if (item.key == key) return std::get<Value>(item.value);
  }
  ADD_FAILURE() << "no " << key;
  return {};
}

bool has(const std::vector<GgufMetadata>& metadata, const std::string& key) {
  return std::ranges::any_of(metadata, [&](const GgufMetadata& item) { return item.key == key; });
}

std::string refusal(const ModelConfig& config, const GgufText& text = {}) {
  try {
    gguf_metadata("x", config, GgufType::kBF16, text);
  } catch (const InvalidInput& error) {
    return error.what();
  }
  return "none";
}

TEST(GgufMetadataTest, SizesStandUnderTheirArchitecture) {
  const auto metadata = gguf_metadata("nano", nano_shape(), GgufType::kQ8_0, {});
  EXPECT_EQ(value_of<std::string>(metadata, "general.architecture"), "qwen3");
  EXPECT_EQ(value_of<std::string>(metadata, "general.name"), "nano");
  EXPECT_EQ(value_of<std::uint32_t>(metadata, "general.file_type"), 7U);
  EXPECT_EQ(value_of<std::uint32_t>(metadata, "qwen3.embedding_length"), 256U);
  EXPECT_EQ(value_of<std::uint32_t>(metadata, "qwen3.attention.head_count_kv"), 2U);
  EXPECT_EQ(value_of<float>(metadata, "qwen3.attention.layer_norm_rms_epsilon"), 1e-6F);
  EXPECT_EQ(value_of<float>(metadata, "qwen3.rope.freq_base"), 1e6F);
  EXPECT_EQ(value_of<std::uint32_t>(metadata, "qwen3.vocab_size"), 2048U);
  EXPECT_EQ(value_of<std::string>(metadata, "tokenizer.ggml.model"), "none") << "without tokenizer files";
  EXPECT_FALSE(has(metadata, "qwen3.rope.scaling.type"));
  EXPECT_EQ(value_of<std::string>(gguf_metadata("x", *find_model_shape("qwen2.5-7b"), GgufType::kF16, {}),
                                  "general.architecture"),
            "qwen2");
}

TEST(GgufMetadataTest, EveryIdOfTheModelHasAToken) {
  ModelConfig config = nano_shape();
  config.vocab_size = 6;
  config.mask_token_id = 4;
  const auto metadata = gguf_metadata("x", config, GgufType::kBF16, three_tokens());
  EXPECT_THAT(value_of<std::vector<std::string>>(metadata, "tokenizer.ggml.tokens"),
              ElementsAre("a", "[PAD1]", "<x>", "<y>", "[PAD4]", "[PAD5]"));
  EXPECT_THAT(value_of<std::vector<std::int32_t>>(metadata, "tokenizer.ggml.token_type"),
              ElementsAre(1, 5, 3, 4, 5, 5));
  EXPECT_THAT(value_of<std::vector<std::string>>(metadata, "tokenizer.ggml.merges"), ElementsAre("a b"));
  EXPECT_EQ(value_of<std::uint32_t>(metadata, "tokenizer.ggml.eos_token_id"), 2U);
  EXPECT_EQ(value_of<std::uint32_t>(metadata, "tokenizer.ggml.mask_token_id"), 4U);
  EXPECT_EQ(value_of<std::string>(metadata, "tokenizer.chat_template"), "{{ messages }}");
  EXPECT_FALSE(value_of<bool>(metadata, "tokenizer.ggml.add_bos_token"));
  EXPECT_FALSE(has(metadata, "tokenizer.ggml.padding_token_id"));
  config.vocab_size = 3;
  EXPECT_THAT(refusal(config, three_tokens()), HasSubstr("4 tokens and the model only 3"));
}

TEST(GgufMetadataTest, WhatNamesTheEndAndTheMask) {
  GgufText text = three_tokens();
  text.tokenizer->eos.reset();
  text.tokenizer->mask = 3;
  text.tokenizer->begin = 0;
  ModelConfig config = nano_shape();
  const auto token = [&](const char* key) {
    return value_of<std::uint32_t>(gguf_metadata("x", config, GgufType::kBF16, text), key);
  };
  EXPECT_EQ(token("tokenizer.ggml.eos_token_id"), 2046U) << "the configuration's";
  EXPECT_EQ(token("tokenizer.ggml.mask_token_id"), 2047U) << "the configuration's counts more";
  EXPECT_EQ(token("tokenizer.ggml.bos_token_id"), 0U);
  config.mask_source = MaskSource::kAssumed;
  EXPECT_EQ(token("tokenizer.ggml.mask_token_id"), 3U);
}

TEST(GgufMetadataTest, RotationsThatLlamaCppKnows) {
  ModelConfig config = nano_shape();
  config.rope = {.type = RopeType::kYarn, .theta = 1e4, .factor = 4, .original_positions = 512};
  const auto metadata = gguf_metadata("x", config, GgufType::kBF16, {});
  EXPECT_EQ(value_of<std::string>(metadata, "qwen3.rope.scaling.type"), "yarn");
  EXPECT_EQ(value_of<float>(metadata, "qwen3.rope.scaling.factor"), 4.0F);
  EXPECT_EQ(value_of<std::uint32_t>(metadata, "qwen3.rope.scaling.original_context_length"), 512U);
  EXPECT_EQ(value_of<std::uint32_t>(metadata, "qwen3.context_length"), 2048U);
  config.rope.beta_fast = 16;
  EXPECT_THAT(refusal(config), HasSubstr("yarn"));
  for (const RopeType type : {RopeType::kLlama3, RopeType::kDynamic}) {
    config.rope = {.type = type, .theta = 1e4, .factor = 4};
    EXPECT_THAT(refusal(config), HasSubstr(std::string(rope_type_name(type))));
  }
  config.rope = {.type = RopeType::kLinear, .theta = 1e4, .factor = 2};
  EXPECT_EQ(refusal(config), "none");
}

TEST(GgufMetadataTest, BiasesThatLlamaCppDoesNotKnowAreRefused) {
  ModelConfig config = nano_shape();
  config.attention_bias = true;
  EXPECT_THAT(refusal(config), HasSubstr("Qwen3 has no biases"));
  config.qk_norm = false;
  EXPECT_EQ(refusal(config), "none");
  config.attention_bias = false;
  EXPECT_THAT(refusal(config), HasSubstr("Qwen2 needs biases"));
  config.o_proj_bias = true;
  EXPECT_THAT(refusal(config), HasSubstr("output"));
}

TEST(GgufTensorNameTest, EveryWeightHasOne) {
  EXPECT_EQ(gguf_tensor_name("model.layers.13.self_attn.q_proj.bias"), "blk.13.attn_q.bias");
  EXPECT_EQ(gguf_tensor_name("model.embed_tokens.weight"), "token_embd.weight");
  for (const std::string& shape : model_shape_names()) {
    for (const WeightSpec& spec : weight_list(*find_model_shape(shape))) EXPECT_NO_THROW(gguf_tensor_name(spec.name));
  }
  EXPECT_THROW(gguf_tensor_name("model.layers.1.rotary_emb.inv_freq"), InternalError);
  EXPECT_THROW(gguf_tensor_name("model.layers.1"), InternalError);
}

}  // namespace
}  // namespace wedlm
