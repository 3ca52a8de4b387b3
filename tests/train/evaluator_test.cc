#include "wedlm/train/evaluator.h"

#include <gmock/gmock.h>

#include <cmath>
#include <span>

#include "tests/support/data.h"
#include "tests/train/some_samples.h"

namespace wedlm::train {
namespace {

constexpr double kNextTokenWeight = 0.5;

class EvaluatorTest : public testing::Test {
 protected:
  /// -log of the probability that each of a pack's rows with a loss gives to its target.
  std::vector<double> cross_entropies(const DualStream& pack) {
    std::vector<std::int64_t> rows;
    for (const LossRow& loss : pack.losses) rows.push_back(loss.row);
    const auto all = model_.logits(pack, rows);
    const auto vocab_size = static_cast<std::size_t>(config_.vocab_size);
    std::vector<double> each;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto logits = std::span(all).subspan(i * vocab_size, vocab_size);
      double sum = 0;
      for (const double logit : logits) sum += std::exp(logit);
      each.push_back(std::log(sum) - logits[static_cast<std::size_t>(pack.losses[i].target)]);
    }
    return each;
  }

  Losses evaluated(std::uint64_t seed) {
    BatchOptions options = options_;
    options.seed = seed;
    Evaluator evaluator(data_, options, LossWeighting::kUniform, kNextTokenWeight);
    return *evaluator.losses(model_, {});
  }

  DataSet data_ = some_samples();
  BatchOptions options_{.masks = {.block_size = 8}, .mask_token_id = 3, .max_tokens = 128};
  Checkpoint checkpoint_ = Checkpoint::open(test_data("checkpoints/qwen3-tied-f32-headdim32"));
  ModelConfig config_ = parse_model_config(checkpoint_.config());
  TrainedModel model_{CheckpointWeights(checkpoint_, config_), config_, {.compute = ComputeType::kFloat32}, AdamW{}};
};

TEST_F(EvaluatorTest, EveryRowCountsOnce) {
  BatchOptions options = options_;
  options.seed = 0;
  options.accumulation = 1;
  Batches batches(data_.samples, data_.files, options);
  double masked = 0, next = 0;
  std::size_t num_masked = 0, num_next = 0, num_tokens = 0;
  ASSERT_GT(batches.steps_of_all(1), 2);
  for (std::int64_t i = 0; i < batches.steps_of_all(1); ++i) {
    const DualStream pack = batches.of_step(i).at(0);
    num_tokens += static_cast<std::size_t>(pack.num_tokens);
    const auto each = cross_entropies(pack);
    for (std::size_t row = 0; row < each.size(); ++row) {
      const bool is_masked = pack.losses[row].kind == LossKind::kMasked;
      (is_masked ? masked : next) += each[row];
      ++(is_masked ? num_masked : num_next);
    }
  }
  masked /= static_cast<double>(num_masked);
  next /= static_cast<double>(num_next);
  const Losses losses = evaluated(1);
  EXPECT_EQ(num_tokens, data_.samples.num_tokens());
  EXPECT_EQ(losses.num_masked, num_masked);
  EXPECT_EQ(losses.num_next, num_next);
  EXPECT_NEAR(losses.masked, masked, 1e-5);
  EXPECT_NEAR(losses.next_token, next, 1e-5);
  EXPECT_NEAR(losses.total, (masked + kNextTokenWeight * next) / (1 + kNextTokenWeight), 1e-5);
}

TEST_F(EvaluatorTest, ComparesBetweenRunsAndStepsAndChangesNothing) {
  const Losses before = evaluated(1);
  EXPECT_EQ(evaluated(2).total, before.total);
  model_.step(1e-3);  // there is no gradient
  EXPECT_EQ(evaluated(1).total, before.total);
}

TEST_F(EvaluatorTest, EndsWhereItIsInterrupted) {
  Evaluator evaluator(data_, options_, LossWeighting::kWeighted, 1);
  int num_asked = 0;
  EXPECT_FALSE(evaluator.losses(model_, {.is_interrupted = [&] { return ++num_asked == 2; }}).has_value());
}

}  // namespace
}  // namespace wedlm::train
