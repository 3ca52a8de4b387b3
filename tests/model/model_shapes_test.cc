// The named shapes against what is published, and against the checkpoint that ships.
#include "wedlm/model/model_shapes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/model/published_configs.h"
#include "tests/support/data.h"

namespace wedlm {
namespace {

/// Those members that the published sizes name.
void expect_same_sizes(const ModelConfig& shape, const ModelConfig& published) {
  EXPECT_EQ(shape.vocab_size, published.vocab_size);
  EXPECT_EQ(shape.hidden_size, published.hidden_size);
  EXPECT_EQ(shape.intermediate_size, published.intermediate_size);
  EXPECT_EQ(shape.num_hidden_layers, published.num_hidden_layers);
  EXPECT_EQ(shape.num_attention_heads, published.num_attention_heads);
  EXPECT_EQ(shape.num_key_value_heads, published.num_key_value_heads);
  EXPECT_EQ(shape.head_dim, published.head_dim);
  EXPECT_EQ(shape.tie_word_embeddings, published.tie_word_embeddings);
  EXPECT_EQ(shape.attention_bias, published.attention_bias);
  EXPECT_EQ(shape.qk_norm, published.qk_norm);
}

TEST(ModelShapesTest, NanoIsTheCheckpointThatShips) {
  EXPECT_EQ(*find_model_shape("nano"),
            parse_model_config(parse_json(read_text(nano_model() / "config.json"), "config.json")));
}

TEST(ModelShapesTest, TheOthersAreThoseThatArePublished) {
  expect_same_sizes(*find_model_shape("qwen3-8b"), wedlm_8b());
  expect_same_sizes(*find_model_shape("qwen2.5-7b"), qwen_7b());
  EXPECT_EQ(find_model_shape("qwen3-8b")->num_parameters(), 8'190'735'360);
  EXPECT_EQ(find_model_shape("qwen2.5-7b")->num_parameters(), 7'615'616'512);
  EXPECT_EQ(find_model_shape("qwen3-0.6b")->num_parameters(), 596'049'920);
}

TEST(ModelShapesTest, EachIsFoundByItsNameAndNothingElseIs) {
  EXPECT_THAT(model_shape_names(), testing::ElementsAre("nano", "qwen3-0.6b", "qwen2.5-7b", "qwen3-8b"));
  for (const std::string& name : model_shape_names()) EXPECT_NE(find_model_shape(name), nullptr) << name;
  EXPECT_EQ(find_model_shape("qwen3-9b"), nullptr);
  EXPECT_EQ(find_model_shape(""), nullptr);
}

}  // namespace
}  // namespace wedlm
