// A loaded model inside a larger shape answers what it answers by itself, in every mode.
#include <gtest/gtest.h>

#include "tests/engine/engine_fixtures.h"

namespace wedlm {
namespace {

/// Larger than nano in everything.
ModelShape shape() {
  ModelConfig config = *find_model_shape("nano");
  config.vocab_size = 3000;
  config.hidden_size = 1024;
  config.intermediate_size = 768;
  config.num_hidden_layers = 6;
  config.num_attention_heads = 9;
  config.num_key_value_heads = 3;
  config.head_dim = 128;
  return {.name = "larger", .config = config};
}

/// Sums of floats and pages of floats: what is left is rounding that no near tie of these texts is as near as.
std::unique_ptr<LoadedModel> load(const ModelFormats& formats, const std::optional<ModelShape>& inflate) {
  return LoadedModel::load(
      nano_model(),
      {.backend = {.cpu = {.num_threads = 2, .isa = "portable"}}, .formats = formats, .inflate = inflate});
}

std::vector<std::vector<TokenId>> answers(LoadedModel& model, const SamplingParams& params) {
  Engine engine(model, {.kv_cache_type = DType::kF32});
  std::vector<std::shared_ptr<ResponseStream>> streams;
  for (const char* text : {"Count from 1 to 20", "What is 12 + 30?", "Say something."}) {
    streams.push_back(engine.submit({.prompt = question(text), .params = params}));
  }
  std::vector<std::vector<TokenId>> ids;
  for (const auto& stream : streams) ids.push_back(stream->wait().token_ids);
  return ids;
}

class InflatedModelTest : public testing::TestWithParam<WeightType> {};

TEST_P(InflatedModelTest, AnswersAsTheSmallOneInEveryMode) {
  const ModelFormats formats = formats_with(GetParam());
  const auto small = load(formats, {}), inflated = load(formats, shape());
  EXPECT_EQ(small->inflated_to(), std::nullopt);
  EXPECT_EQ(inflated->inflated_to(), "larger");
  EXPECT_EQ(inflated->config().num_parameters(), shape().config.num_parameters());
  EXPECT_GT(inflated->transformer().weight_bytes(), 4 * small->transformer().weight_bytes());
  for (const DecodeMode mode :
       {DecodeMode::kAutoregressive, DecodeMode::kExact, DecodeMode::kStreaming, DecodeMode::kGated}) {
    for (const float temperature : {0.0F, 0.7F}) {
      SamplingParams params;
      params.mode = mode;
      params.max_tokens = 24;
      params.seed = 5;
      params.temperature = temperature;
      EXPECT_EQ(answers(*inflated, params), answers(*small, params)) << mode_name(mode) << " at " << temperature;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, InflatedModelTest,
                         testing::Values(WeightType::kStored, WeightType::kInt8, WeightType::kInt4),
                         [](const auto& test) { return std::string(weight_type_name(test.param)); });

TEST(InflatedModelRefusalTest, WhatDoesNotFitIsRefused) {
  EXPECT_THROW(load({}, ModelShape{.name = "qwen2.5-7b", .config = *find_model_shape("qwen2.5-7b")}), InvalidInput);
}

}  // namespace
}  // namespace wedlm
