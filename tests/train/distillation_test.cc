// The model's own next-token rows as teachers of its masks: the divergence is that of the logits, and the gradient that
// of a cross entropy whose targets are the teacher's probabilities, which stay as they are.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/data.h"
#include "wedlm/model/weight_source.h"
#include "wedlm/train/torch/trained_model.h"

namespace wedlm::train {
namespace {

constexpr TokenId kMask = 330;  // of the small checkpoints' vocabularies
constexpr std::size_t kPrompt = 9;

class DistillationTest : public testing::Test {
 protected:
  DistillationTest()
      : checkpoint_(Checkpoint::open(test_data("checkpoints/qwen3-untied-2shards-bf16"))),
        config_(parse_model_config(checkpoint_.config())) {
    std::vector<TokenId> ids(30);
    for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<TokenId>((i * 37 + 11) % 300);
    sample_.append(std::span(ids).first(kPrompt), false);
    sample_.append(std::span(ids).subspan(kPrompt), true);
  }

  DualStream stream(const std::vector<std::size_t>& masked, double ratio) const {
    const std::vector<std::vector<MaskedBlock>> blocks = {{{.begin = 8, .end = 24, .ratio = ratio, .masked = masked}}};
    return dual_stream(std::vector{sample_.view()}, blocks, kMask);
  }

  TrainedModel model(double distillation) const {
    return {CheckpointWeights(checkpoint_, config_),
            config_,
            {.compute = ComputeType::kFloat64, .distillation = distillation},
            AdamW{}};
  }

  /// Of one row of logits.
  static std::vector<double> log_probabilities(TrainedModel& model, const DualStream& stream, std::int64_t row) {
    std::vector<double> values = model.logits(stream, {row});
    double sum = 0;
    for (const double value : values) sum += std::exp(value);
    for (double& value : values) value -= std::log(sum);
    return values;
  }

  Checkpoint checkpoint_;
  ModelConfig config_;
  Sample sample_;
};

TEST_F(DistillationTest, ComparesAMaskWithTheRowOfTheTokenBeforeIt) {
  TrainedModel taught = model(0.25), plain = model(0);
  const DualStream batch = stream({11, 15, 16}, 0.5);
  const auto weights = loss_weights(batch.losses, LossWeighting::kWeighted, 1);
  double divergence = 0;
  const std::vector<std::int64_t> teachers = {10, 14, 15};  // rows of the memory stream
  for (std::size_t i = 0; i < teachers.size(); ++i) {
    const auto teacher = log_probabilities(taught, batch, teachers[i]);
    const auto student = log_probabilities(taught, batch, batch.losses[i].row);
    for (std::size_t v = 0; v < teacher.size(); ++v) {
      divergence += std::exp(teacher[v]) * (teacher[v] - student[v]) / 3;
    }
  }
  const Losses losses = taught.losses(batch, weights, 1), others = plain.losses(batch, weights, 1);
  EXPECT_NEAR(losses.distilled, divergence, 1e-6);
  EXPECT_EQ(losses.masked, others.masked);
  EXPECT_EQ(losses.next_token, others.next_token);
  EXPECT_NEAR(losses.total, others.total + 0.25 * (divergence - others.masked) / 2, 1e-6);
  EXPECT_EQ(others.distilled, 0);
}

TEST_F(DistillationTest, ItsGradientIsThatOfTheTeachersProbabilitiesAsTargets) {
  constexpr double kShare = 0.75;
  TrainedModel taught = model(kShare), reference = model(0);
  DualStream batch = stream({13}, 1);
  std::vector<float> weights(batch.losses.size());
  weights[0] = 1;
  taught.add_gradient(batch, weights, 0, 1);
  const TokenId target = batch.losses[0].target;
  const auto teacher = log_probabilities(reference, batch, 12);
  for (std::size_t v = 0; v < teacher.size(); ++v) {
    batch.losses[0].target = static_cast<TokenId>(v);
    const double share = kShare * std::exp(teacher[v]) + (batch.losses[0].target == target ? 1 - kShare : 0);
    reference.add_gradient(batch, weights, 0, share);
  }
  for (const std::string& name : taught.names()) {
    const auto got = taught.gradient(name), expected = reference.gradient(name);
    double difference = 0, size = 0;
    for (std::size_t i = 0; i < got.size(); ++i) {
      difference += std::pow(got[i] - expected[i], 2);
      size += std::pow(expected[i], 2);
    }
    EXPECT_LE(std::sqrt(difference), 1e-9 * std::sqrt(size)) << name;
    EXPECT_GT(size, 0) << name;
  }
}

/// The first token of a sample is predicted by no row: such a mask learns from the data alone.
TEST_F(DistillationTest, AMaskWithoutATeacherLearnsFromTheData) {
  Sample sample;
  sample.append(std::vector<TokenId>{5, 6, 7, 8}, true);
  const std::vector<std::vector<MaskedBlock>> blocks = {{{.begin = 0, .end = 4, .ratio = 0.25, .masked = {0}}}};
  const DualStream batch = dual_stream(std::vector{sample.view()}, blocks, kMask);
  const auto weights = loss_weights(batch.losses, LossWeighting::kWeighted, 1);
  TrainedModel taught = model(1), plain = model(0);
  const Losses losses = taught.losses(batch, weights, 1);
  EXPECT_EQ(losses.total, plain.losses(batch, weights, 1).total);
  EXPECT_EQ(losses.distilled, 0);
}

}  // namespace
}  // namespace wedlm::train
