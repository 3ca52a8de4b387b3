// Gradients against finite differences of the losses, in double, and those of several batches that are computed side
// by side against one after the other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "tests/support/data.h"
#include "wedlm/model/weight_source.h"
#include "wedlm/train/draws.h"
#include "wedlm/train/torch/trained_model.h"

namespace wedlm::train {
namespace {

constexpr TokenId kMask = 330;  // of the small checkpoints' vocabularies

/// Two samples of different lengths, each with two blocks.
DualStream some_stream(std::uint64_t place) {
  Draws draws(3, Draws::Purpose::kWeights, place);
  std::vector<Sample> samples(2);
  std::vector<std::vector<MaskedBlock>> blocks;
  for (std::size_t s = 0; s < samples.size(); ++s) {
    for (std::size_t i = 0; i < 26 + 9 * s; ++i) {
      samples[s].append(std::vector<TokenId>{static_cast<TokenId>(draws.below(300))}, i > 5);
    }
    blocks.push_back({{.begin = 3, .end = 14, .ratio = 0.3, .masked = {8, 9, 12}},
                      {.begin = 14, .end = 25, .ratio = 0.8, .masked = {14, 17, 18, 19, 22, 23, 24}}});
  }
  return dual_stream(std::vector{samples[0].view(), samples[1].view()}, blocks, kMask);
}

class GradientTest : public testing::TestWithParam<std::string> {
 protected:
  GradientTest()
      : checkpoint_(Checkpoint::open(test_data("checkpoints/" + GetParam()))),
        config_(parse_model_config(checkpoint_.config())) {}

  TrainedModel model(const ModelOptions& options) const {
    return {CheckpointWeights(checkpoint_, config_), config_, options, AdamW{}};
  }

  Checkpoint checkpoint_;
  ModelConfig config_;
};

/// Along a direction that is drawn for each weight: (L(w + h d) - L(w - h d)) / 2h.
TEST_P(GradientTest, IsThatOfFiniteDifferences) {
  constexpr double kStep = 1e-5;
  for (const bool has_checkpoints : {false, true}) {
    TrainedModel model = this->model({.compute = ComputeType::kFloat64, .has_gradient_checkpoints = has_checkpoints});
    const DualStream stream = some_stream(0);
    const auto weights = loss_weights(stream.losses, LossWeighting::kWeighted, 0.7);
    model.add_gradient(stream, weights, 0.7, 1);
    for (std::size_t w = 0; w < model.names().size(); ++w) {
      const std::string& name = model.names()[w];
      const std::vector<double> before = model.weight(name), gradient = model.gradient(name);
      Draws draws(5, Draws::Purpose::kWeights, w);
      std::vector<double> direction(before.size());
      for (double& d : direction) d = static_cast<double>(draws.below(2001)) / 1000 - 1;
      double along = 0, size = 0;
      for (std::size_t i = 0; i < before.size(); ++i) {
        along += gradient[i] * direction[i];
        size += std::abs(gradient[i] * direction[i]);
      }
      const auto loss_at = [&](double step) {
        std::vector<double> moved = before;
        for (std::size_t i = 0; i < moved.size(); ++i) moved[i] += step * direction[i];
        model.set_weight(name, moved);
        return model.losses(stream, weights, 0.7).total;
      };
      const double difference = (loss_at(kStep) - loss_at(-kStep)) / (2 * kStep);
      model.set_weight(name, before);
      EXPECT_GT(size, 0) << name;
      EXPECT_NEAR(difference, along, 1e-6 * (size + 1e-3)) << name;
    }
  }
}

TEST_P(GradientTest, OfBatchesSideBySideIsThatOfOneAfterTheOther) {
  const std::vector<DualStream> streams = {some_stream(1), some_stream(2), some_stream(3)};
  std::vector<std::vector<float>> weights;
  for (const DualStream& stream : streams) {
    weights.push_back(loss_weights(stream.losses, LossWeighting::kWeighted, 1));
  }
  constexpr double kShare = 1.0 / 3;
  TrainedModel in_turn = model({.compute = ComputeType::kFloat64, .num_threads = 1});
  ASSERT_EQ(in_turn.num_at_once(), 1);
  std::vector<double> totals;
  for (std::size_t i = 0; i < streams.size(); ++i) {
    totals.push_back(in_turn.add_gradient(streams[i], weights[i], 1, kShare).total);
  }
  TrainedModel first = model({.compute = ComputeType::kFloat64, .num_threads = 3});
  TrainedModel again = model({.compute = ComputeType::kFloat64, .num_threads = 3});
  ASSERT_EQ(first.num_at_once(), 3);
  for (TrainedModel* at_once : {&first, &again}) {
    const std::vector<Losses> losses = at_once->add_gradients(streams, weights, 1, kShare);
    for (std::size_t i = 0; i < streams.size(); ++i) EXPECT_NEAR(losses[i].total, totals[i], 1e-12);
  }
  for (const std::string& name : first.names()) {
    const std::vector<double> gradient = first.gradient(name), wanted = in_turn.gradient(name);
    EXPECT_EQ(gradient, again.gradient(name)) << name;
    for (std::size_t i = 0; i < wanted.size(); ++i) ASSERT_NEAR(gradient[i], wanted[i], 1e-12) << name << " " << i;
  }
  EXPECT_EQ(first.step(1e-3), again.step(1e-3));
  for (const std::string& name : first.names()) EXPECT_EQ(first.weight(name), again.weight(name)) << name;
}

INSTANTIATE_TEST_SUITE_P(Checkpoints, GradientTest, testing::Values("qwen3-tied-f32-headdim32", "qwen2.5-bias-f16"),
                         [](const auto& one) { return one.param.substr(0, 5); });

}  // namespace
}  // namespace wedlm::train
