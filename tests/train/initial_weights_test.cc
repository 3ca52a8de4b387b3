#include "wedlm/train/initial_weights.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

namespace wedlm::train {
namespace {

using testing::Each;

ModelConfig some_config() {
  return parse_model_config(parse_json(R"({"model_type": "qwen3", "hidden_size": 96, "intermediate_size": 200,
      "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 32, "vocab_size": 500,
      "max_position_embeddings": 64, "rms_norm_eps": 1e-6, "rope_theta": 1e4, "attention_bias": true})",
                                       "config.json"));
}

std::vector<float> numbers_of(const WeightSource& source, const std::string& name) {
  const HostWeight weight = source.weight(name);
  EXPECT_EQ(weight.tensor.dtype(), DType::kF32);
  const auto* first = static_cast<const float*>(weight.tensor.data());
  return {first, first + weight.tensor.shape().num_elements()};
}

/// The largest distance between the numbers' distribution and the normal one (Kolmogorov and Smirnov).
double distance_to_normal(std::vector<float> numbers, double standard_deviation) {
  std::ranges::sort(numbers);
  double distance = 0;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const double wanted = 0.5 * std::erfc(-numbers[i] / standard_deviation / std::sqrt(2.0));
    const auto below = static_cast<double>(i), all = static_cast<double>(numbers.size());
    distance = std::max({distance, std::abs(wanted - below / all), std::abs(wanted - (below + 1) / all)});
  }
  return distance;
}

TEST(InitialWeightsTest, MatricesAreNormalNormsOneAndBiasesZero) {
  const ModelConfig config = some_config();
  const InitialWeights weights(config, {.standard_deviation = 0.05});
  std::size_t num_bytes = 0;
  for (const WeightSpec& spec : weight_list(config)) {
    SCOPED_TRACE(spec.name);
    const auto numbers = numbers_of(weights, spec.name);
    num_bytes += numbers.size() * sizeof(float);
    EXPECT_EQ(weights.weight(spec.name).tensor.shape(), spec.shape);
    if (spec.name.ends_with("norm.weight")) {
      EXPECT_THAT(numbers, Each(1.0F));
    } else if (spec.name.ends_with(".bias")) {
      EXPECT_THAT(numbers, Each(0.0F));
    } else {
      // Of normal numbers one such test in 10 000 finds more.
      EXPECT_LT(distance_to_normal(numbers, 0.05), 2.23 / std::sqrt(static_cast<double>(numbers.size())));
    }
  }
  EXPECT_EQ(weights.total_bytes(), num_bytes);
  const auto numbers = numbers_of(weights, "model.embed_tokens.weight");
  double squares = 0;
  for (const float number : numbers) squares += double{number} * number;
  const auto count = static_cast<double>(numbers.size());
  EXPECT_NEAR(std::sqrt(squares / count), 0.05, 0.05 * 4 / std::sqrt(2 * count)) << "four standard errors";
}

TEST(InitialWeightsTest, AreAFunctionOfSeedAndPlace) {
  const ModelConfig config = some_config();
  const InitialWeights one(config, {.seed = 7, .num_threads = 1}), several(config, {.seed = 7, .num_threads = 3});
  const InitialWeights other(config, {.seed = 8});
  const std::string first = "model.layers.0.mlp.up_proj.weight", second = "model.layers.1.mlp.up_proj.weight";
  const auto numbers = numbers_of(one, first);
  EXPECT_EQ(numbers_of(several, second), numbers_of(one, second)) << "asked in another order, by more threads";
  EXPECT_EQ(numbers_of(several, first), numbers);
  EXPECT_NE(numbers_of(other, first), numbers);
  EXPECT_NE(numbers_of(one, second), numbers);
  EXPECT_GT(std::set(numbers.begin(), numbers.end()).size(), numbers.size() * 99 / 100) << "no row is another's";
}

}  // namespace
}  // namespace wedlm::train
