// An adapter beside frozen weights: its gradients are the full ones projected, its matrices add up to a weight, and on
// masks alone it leaves every other row as it was.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tests/support/data.h"
#include "wedlm/base/error.h"
#include "wedlm/train/draws.h"
#include "wedlm/train/lora_modules.h"
#include "wedlm/train/merge.h"
#include "wedlm/train/torch/trained_model.h"

namespace wedlm::train {
namespace {

constexpr AdamW kOptimizer{};
constexpr TokenId kMask = 330;  // of the small checkpoints' vocabularies

std::vector<double> randoms(std::size_t count, double scale, std::uint64_t place) {
  Draws draws(9, Draws::Purpose::kWeights, place);
  std::vector<double> values(count);
  for (double& value : values) value = scale * (draws.uniform() - 0.5);
  return values;
}

double norm(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return std::sqrt(sum);
}

double relative_difference(std::vector<double> a, const std::vector<double>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] -= b[i];
  return norm(a) / norm(b);
}

/// Row-major: [m, k] x [k, n], either transposed on request.
std::vector<double> product(const std::vector<double>& a, bool a_transposed, const std::vector<double>& b,
                            bool b_transposed, std::size_t m, std::size_t k, std::size_t n) {
  std::vector<double> c(m * n);
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      for (std::size_t x = 0; x < k; ++x) {
        c[i * n + j] += a[a_transposed ? x * m + i : i * k + x] * b[b_transposed ? j * k + x : x * n + j];
      }
    }
  }
  return c;
}

class LoraTest : public testing::Test {
 protected:
  explicit LoraTest(const char* name = "qwen3-untied-2shards-bf16")
      : checkpoint_(Checkpoint::open(test_data(std::string("checkpoints/") + name))),
        config_(parse_model_config(checkpoint_.config())) {
    std::vector<TokenId> ids;
    for (int i = 0; i < 40; ++i) ids.push_back((i * 37 + 11) % 300);
    sample_.append(std::span(ids).first(9), false);
    sample_.append(std::span(ids).subspan(9), true);
    blocks_ = {{{.begin = 9, .end = 17, .ratio = 0.5, .masked = {10, 12, 13, 16}},
                {.begin = 17, .end = 25, .ratio = 0.25, .masked = {23, 24}}}};
    stream_ = dual_stream(std::vector{sample_.view()}, blocks_, kMask);
    weights_ = loss_weights(stream_.losses, LossWeighting::kWeighted, 1);
  }

  TrainedModel model(const ModelOptions& options) const {
    return {CheckpointWeights(checkpoint_, config_), config_, options, kOptimizer};
  }
  Losses add_gradient(TrainedModel& model) const { return model.add_gradient(stream_, weights_, 1, 1); }
  std::vector<std::int64_t> all_rows() const {
    std::vector<std::int64_t> rows(static_cast<std::size_t>(stream_.num_rows()));
    std::iota(rows.begin(), rows.end(), 0);
    return rows;
  }
  /// Gives all matrices of an adapter values of the size that weights have.
  static void fill(TrainedModel& model) {
    std::uint64_t place = 0;
    for (const std::string& name : model.names()) {
      model.set_weight(name, randoms(model.weight(name).size(), 0.3, place++));
    }
  }

  Checkpoint checkpoint_;
  ModelConfig config_;
  Sample sample_;
  std::vector<std::vector<MaskedBlock>> blocks_;
  DualStream stream_;
  std::vector<float> weights_;
};

TEST_F(LoraTest, BeginsAsPeftDoesAndChangesNothingYet) {
  TrainedModel base = model({.compute = ComputeType::kFloat32});
  TrainedModel adapted = model({.compute = ComputeType::kFloat32, .lora = LoraConfig{.rank = 16}});
  EXPECT_EQ(adapted.names().size(), 2U * 7 * 2);
  EXPECT_EQ(adapted.names().front(), "model.layers.0.self_attn.q_proj.lora_A.weight");
  for (const std::string& name : adapted.names()) {
    const auto values = adapted.weight(name);
    if (name.ends_with("lora_B.weight")) {
      EXPECT_EQ(norm(values), 0) << name;
      continue;
    }
    // Uniform within a bound: no value beyond it, and the mean square a third of its square.
    const double bound = 1 / std::sqrt(static_cast<double>(values.size()) / 16);
    EXPECT_LE(*std::ranges::max_element(values), bound) << name;
    EXPECT_GE(*std::ranges::min_element(values), -bound) << name;
    EXPECT_NEAR(norm(values) * norm(values) / static_cast<double>(values.size()), bound * bound / 3, bound * bound / 20)
        << name;
  }
  EXPECT_NE(adapted.weight("model.layers.0.self_attn.q_proj.lora_A.weight"),
            adapted.weight("model.layers.1.self_attn.q_proj.lora_A.weight"));
  EXPECT_EQ(adapted.logits(stream_, all_rows()), base.logits(stream_, all_rows()));
}

TEST_F(LoraTest, GradientsAreTheFullOnesProjected) {
  const LoraConfig lora{.rank = 3, .alpha = 6, .dropout = 0};
  for (const bool has_checkpoints : {false, true}) {
    TrainedModel adapted =
        model({.compute = ComputeType::kFloat64, .has_gradient_checkpoints = has_checkpoints, .lora = lora});
    TrainedModel full = model({.compute = ComputeType::kFloat64});
    fill(adapted);
    for (const LoraModule& module : lora_modules(config_, lora)) {
      const auto out = static_cast<std::size_t>(module.out_features), in = static_cast<std::size_t>(module.in_features);
      auto w = full.weight(module.name + ".weight");
      const auto added = product(adapted.weight(module.name + ".lora_B.weight"), false,
                                 adapted.weight(module.name + ".lora_A.weight"), false, out, 3, in);
      for (std::size_t i = 0; i < w.size(); ++i) w[i] += 2 * added[i];
      full.set_weight(module.name + ".weight", w);
    }
    const Losses expected = add_gradient(full), got = add_gradient(adapted);
    EXPECT_NEAR(got.total, expected.total, 1e-9);
    for (const LoraModule& module : lora_modules(config_, lora)) {
      const auto out = static_cast<std::size_t>(module.out_features), in = static_cast<std::size_t>(module.in_features);
      const auto of_w = full.gradient(module.name + ".weight");
      auto of_a = product(adapted.weight(module.name + ".lora_B.weight"), true, of_w, false, 3, out, in);
      auto of_b = product(of_w, false, adapted.weight(module.name + ".lora_A.weight"), true, out, in, 3);
      for (double& value : of_a) value *= 2;
      for (double& value : of_b) value *= 2;
      EXPECT_LT(relative_difference(adapted.gradient(module.name + ".lora_A.weight"), of_a), 1e-9) << module.name;
      EXPECT_LT(relative_difference(adapted.gradient(module.name + ".lora_B.weight"), of_b), 1e-9) << module.name;
    }
    EXPECT_EQ(norm(adapted.gradient("model.layers.0.mlp.up_proj.weight")), 0) << "frozen";
  }
}

TEST_F(LoraTest, OnMasksAloneEveryOtherRowStaysToTheBit) {
  std::vector<std::int64_t> masks, others;
  for (std::int64_t row = 0; row < stream_.num_rows(); ++row) {
    (stream_.ids[static_cast<std::size_t>(row)] == kMask ? masks : others).push_back(row);
  }
  ASSERT_EQ(masks.size(), 6U);
  for (const ComputeType compute : {ComputeType::kFloat32, ComputeType::kBfloat16}) {
    TrainedModel base = model({.compute = compute});
    TrainedModel adapted = model({.compute = compute, .lora = LoraConfig{.rank = 3, .rows = LoraRows::kMasks}});
    fill(adapted);
    EXPECT_EQ(adapted.logits(stream_, others), base.logits(stream_, others));
    for (const std::int64_t row : masks) EXPECT_NE(adapted.logits(stream_, {row}), base.logits(stream_, {row})) << row;
    add_gradient(adapted);
    EXPECT_GT(adapted.step(0.1), 0);
    EXPECT_EQ(adapted.logits(stream_, others), base.logits(stream_, others));
  }
  // Without a mask there is nothing to learn, and nothing fails.
  const DualStream plain = dual_stream(std::vector{sample_.view()}, std::vector<std::vector<MaskedBlock>>(1), kMask);
  for (const bool has_checkpoints : {false, true}) {
    TrainedModel adapted = model({.compute = ComputeType::kFloat32,
                                  .has_gradient_checkpoints = has_checkpoints,
                                  .lora = LoraConfig{.rank = 3, .rows = LoraRows::kMasks}});
    const auto weights = loss_weights(plain.losses, LossWeighting::kWeighted, 1);
    EXPECT_GT(adapted.add_gradient(plain, weights, 1, 1).next_token, 0);
    EXPECT_EQ(adapted.step(0.1), 0);
  }
}

/// With A the identity and B zero, the gradient of B is that of the output times what enters: of one row with a loss,
/// each column is either dropped, or what it is without dropout by 1 / (1 - p).
TEST_F(LoraTest, DropoutDropsWhatEntersAndScalesTheRest) {
  const auto in = config_.intermediate_size;
  blocks_ = {{{.begin = 9, .end = 17, .ratio = 0.5, .masked = {12}}}};
  stream_ = dual_stream(std::vector{sample_.view()}, blocks_, kMask);
  weights_ = loss_weights(stream_.losses, LossWeighting::kWeighted, 1);
  const std::string name = "model.layers.1.mlp.down_proj";
  std::vector<double> identity(static_cast<std::size_t>(in * in));
  for (std::int64_t i = 0; i < in; ++i) identity[static_cast<std::size_t>(i * in + i)] = 1;
  const auto gradient = [&](double dropout, std::uint64_t place, std::uint64_t seed, bool has_checkpoints = false) {
    TrainedModel adapted = model({.compute = ComputeType::kFloat64,
                                  .has_gradient_checkpoints = has_checkpoints,
                                  .lora = LoraConfig{.rank = in,
                                                     .alpha = static_cast<double>(in),
                                                     .dropout = dropout,
                                                     .targets = {"down_proj"},
                                                     .rows = LoraRows::kMasks},
                                  .seed = seed});
    adapted.set_weight(name + ".lora_A.weight", identity);
    stream_.place = place;
    add_gradient(adapted);
    return adapted.gradient(name + ".lora_B.weight");
  };
  const auto whole = gradient(0, 5, 1), dropped = gradient(0.25, 5, 1);
  std::size_t num_dropped = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(in); ++i) {  // of the first output
    if (dropped[i] == 0) {
      ++num_dropped;
    } else {
      EXPECT_NEAR(dropped[i], whole[i] / 0.75, 1e-9 * std::abs(whole[i]));
    }
  }
  EXPECT_NEAR(static_cast<double>(num_dropped), 0.25 * static_cast<double>(in), 4 * std::sqrt(0.1875 * 160));
  EXPECT_EQ(gradient(0.25, 5, 1), dropped);
  EXPECT_EQ(gradient(0.25, 5, 1, true), dropped) << "a layer that is computed twice drops the same";
  EXPECT_NE(gradient(0.25, 6, 1), dropped);
  EXPECT_NE(gradient(0.25, 5, 2), dropped);
}

TEST_F(LoraTest, GoesOnFromItsStateToTheBit) {
  const TemporaryFolder folder;
  const ModelOptions options{.lora = LoraConfig{.rank = 4, .dropout = 0.3}};
  const auto step = [&](TrainedModel& model, std::uint64_t place) {
    stream_.place = place;
    const double loss = add_gradient(model).total;
    model.step(0.01);
    return loss;
  };
  TrainedModel first = model(options), second = model(options);
  step(first, 0);
  first.save_state(folder.path() / "state");
  second.load_state(folder.path() / "state");
  for (const std::uint64_t place : {1U, 2U}) EXPECT_EQ(step(first, place), step(second, place));
  for (const std::string& name : first.names()) EXPECT_EQ(first.weight(name), second.weight(name)) << name;
  TrainedModel full = model({});
  EXPECT_THROW(full.load_state(folder.path() / "state"), InvalidInput);
}

class MergedLoraTest : public LoraTest {
 protected:
  MergedLoraTest() : LoraTest("qwen3-tied-f32-headdim32") {}
};

TEST_F(MergedLoraTest, HasTheLogitsOfTheAdapter) {
  const TemporaryFolder folder;
  const LoraConfig lora{.rank = 3, .alpha = 2};
  TrainedModel adapted = model({.compute = ComputeType::kFloat32, .lora = lora});
  fill(adapted);
  adapted.save_weights(folder.path() / "adapter_model.safetensors", DType::kF32);
  write_lora_config(folder.path(), lora, kMask);
  const auto out = folder.path() / "merged";
  EXPECT_EQ(merge_adapter(checkpoint_, LoraAdapter::open(folder.path()), out, {}, {}), 14U);
  const Checkpoint written = Checkpoint::open(out);
  TrainedModel merged(CheckpointWeights(written, config_), config_, {.compute = ComputeType::kFloat32}, kOptimizer);
  const auto expected = adapted.logits(stream_, all_rows()), got = merged.logits(stream_, all_rows());
  EXPECT_GT(relative_difference(got, model({.compute = ComputeType::kFloat32}).logits(stream_, all_rows())), 0.01);
  for (std::size_t i = 0; i < expected.size(); ++i)
    ASSERT_NEAR(got[i], expected[i], 1e-5 * (1 + std::abs(expected[i])));
}

}  // namespace
}  // namespace wedlm::train
