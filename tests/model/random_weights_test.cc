// Random weights: the right tensors, the same ones again, and numbers of an ordinary size.
#include "wedlm/model/random_weights.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "wedlm/backend/make_backend.h"
#include "wedlm/base/error.h"
#include "wedlm/model/logits.h"
#include "wedlm/model/model_shapes.h"
#include "wedlm/model/weight_list.h"
#include "wedlm/model/window_batch.h"

namespace wedlm {
namespace {

/// Odd sizes, and everything that a configuration can have.
ModelConfig small_config() {
  return {.vocab_size = 331,
          .hidden_size = 50,
          .intermediate_size = 99,
          .num_hidden_layers = 2,
          .num_attention_heads = 4,
          .num_key_value_heads = 2,
          .head_dim = 14,
          .max_position_embeddings = 64,
          .rms_norm_eps = 1e-6,
          .rope = {.theta = 1e4},
          .attention_bias = true,
          .o_proj_bias = true,
          .qk_norm = true};
}

std::vector<float> values_of(const ConstTensor& tensor) {
  std::vector<float> values(static_cast<std::size_t>(tensor.shape().num_elements()));
  to_f32(tensor.dtype(), tensor.data(), values.data(), values.size());
  return values;
}

TEST(RandomWeightsTest, HasEveryWeightInItsShapeAndType) {
  for (const DType dtype : {DType::kBF16, DType::kF32}) {
    const ModelConfig config = small_config();
    const RandomWeights weights(config, {.dtype = dtype, .num_threads = 2});
    std::size_t bytes = 0;
    for (const WeightSpec& spec : weight_list(config)) {
      const HostWeight weight = weights.weight(spec.name);
      EXPECT_EQ(weight.tensor.shape(), spec.shape) << spec.name;
      EXPECT_EQ(weight.tensor.dtype(), dtype);
      EXPECT_EQ(weight.tensor.data(), weight.memory.data());
      bytes += weight.memory.bytes();
    }
    EXPECT_EQ(weights.total_bytes(), bytes);
    EXPECT_THROW(weights.weight("model.layers.2.input_layernorm.weight"), InternalError);
  }
  EXPECT_THROW(RandomWeights(small_config(), {.dtype = DType::kF16}), InvalidInput);
}

TEST(RandomWeightsTest, DependOnSeedAndNameAndNotOnThreadsTypeOrOrder) {
  const std::string query = "model.layers.0.self_attn.q_proj.weight";
  const std::string other_query = "model.layers.1.self_attn.q_proj.weight";
  const ModelConfig config = *find_model_shape("nano");
  const RandomWeights one(config, {.seed = 7, .num_threads = 1});
  const RandomWeights three(config, {.seed = 7, .num_threads = 3});
  const RandomWeights float32(config, {.dtype = DType::kF32, .seed = 7, .num_threads = 2});
  const RandomWeights other_seed(config, {.seed = 8, .num_threads = 1});
  const std::vector<float> expected = values_of(one.weight(query).tensor);
  three.weight(other_query);
  EXPECT_EQ(values_of(three.weight(query).tensor), expected);
  EXPECT_EQ(values_of(one.weight(query).tensor), expected);
  EXPECT_EQ(values_of(float32.weight(query).tensor), expected);
  EXPECT_NE(values_of(other_seed.weight(query).tensor), expected);
  EXPECT_NE(values_of(one.weight(other_query).tensor), expected);
}

TEST(RandomWeightsTest, NumbersAreOfAnOrdinarySize) {
  for (const char* name : {"nano", "qwen3-0.6b"}) {
    const ModelConfig config = *find_model_shape(name);
    const RandomWeights weights(config, {.num_threads = 2});
    const std::vector<float> down = values_of(weights.weight("model.layers.1.mlp.down_proj.weight").tensor);
    double sum = 0, square_sum = 0;
    for (const float value : down) {
      ASSERT_TRUE(std::isnormal(value));
      sum += static_cast<double>(value);
      square_sum += static_cast<double>(value) * static_cast<double>(value);
    }
    const auto count = static_cast<double>(down.size());
    const double scaled_rms = std::sqrt(square_sum / count * static_cast<double>(config.intermediate_size));
    EXPECT_GT(scaled_rms, 1 / 1.5);
    EXPECT_LT(scaled_rms, 1.5);
    EXPECT_LT(std::abs(sum / count), 0.02 * std::sqrt(square_sum / count));
    for (const float value : values_of(weights.weight("model.norm.weight").tensor)) ASSERT_EQ(value, 1);
  }
}

TEST(FillRandomTest, StaysWithinItsTwoOctavesAndItsMemory) {
  ThreadTeam team(2);
  for (const float least : {0.25F, 0.5F, 1.0F}) {
    for (const std::int64_t count : {0, 1, 3, 5, 65537}) {
      std::vector<float> values(static_cast<std::size_t>(count) + 1, 9.0F);
      fill_random(DType::kF32, values.data(), count, least, 3, team);
      EXPECT_EQ(values.back(), 9.0F);
      values.pop_back();
      int num_negative = 0, num_large = 0;
      for (const float value : values) {
        ASSERT_GE(std::abs(value), least);
        ASSERT_LT(std::abs(value), 4 * least);
        num_negative += value < 0 ? 1 : 0;
        num_large += std::abs(value) >= 2 * least ? 1 : 0;
      }
      if (count < 1000) continue;
      EXPECT_NEAR(num_negative, 0.5 * static_cast<double>(count), 1000);  // eight standard deviations
      EXPECT_NEAR(num_large, 0.5 * static_cast<double>(count), 1000);
    }
  }
}

/// What a transformer of random weights predicts for a few tokens.
std::vector<Prediction> predictions_of(const RandomWeights& weights, const ModelConfig& config,
                                       const std::string& backend_name) {
  const auto backend = make_backend({.name = backend_name, .cpu = {.num_threads = 2}});
  std::size_t done = 0, total = 0;
  const Transformer transformer(weights, config, *backend, [&](std::size_t now, std::size_t all) {
    EXPECT_GE(now, done);
    done = now;
    total = all;
  });
  EXPECT_EQ(total, weights.total_bytes());
  KvCache cache(*backend, config, 2, 4, DType::kBF16);
  return compute_logits(transformer, window_batch({5, 330, 17}, 0, 4), cache).predictions;
}

TEST(RandomWeightsTest, ATransformerIsMadeOfThem) {
  const ModelConfig config = small_config();
  const RandomWeights weights(config, {.num_threads = 2});
  const auto predictions = predictions_of(weights, config, "cpu");
  const auto expected = predictions_of(weights, config, "reference");
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    EXPECT_NEAR(predictions[i].entropy, expected[i].entropy, 1e-3);
    EXPECT_TRUE(std::isfinite(predictions[i].best_log_prob));
    EXPECT_GT(predictions[i].entropy, 1);  // no token is certain: logits are of the size of 1
  }
}

}  // namespace
}  // namespace wedlm
