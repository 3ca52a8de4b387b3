// Models that several ranks train together, beside one that is trained alone with the same batches.
#include <gmock/gmock.h>

#include "tests/support/data.h"
#include "tests/train/ranks_in_threads.h"
#include "tests/train/some_samples.h"
#include "wedlm/model/weight_source.h"
#include "wedlm/train/batches.h"
#include "wedlm/train/evaluator.h"
#include "wedlm/train/rank_sums.h"
#include "wedlm/train/torch/trained_model.h"

namespace wedlm::train {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kNumSteps = 4;
constexpr double kTolerance = 1e-5;

/// What a run came to.
struct Outcome {
  std::vector<double> losses;  // of each step
  std::vector<double> norms;
  double held_out = 0;
  std::vector<double> weights;  // all that learn, one after the other
};

struct Plan {
  ModelOptions model{};
  std::int64_t first = 0;  // step
  std::int64_t end = kNumSteps;
  fs::path from{};  // a state
  fs::path to{};
};

class SharedRunTest : public testing::Test {
 protected:
  /// The steps of a plan as one of some ranks. Weights are those of the file that the first one writes.
  Outcome run(const Plan& plan, Ranks& ranks) const {
    TrainedModel model(CheckpointWeights(checkpoint_, config_), config_, plan.model, AdamW{}, ranks);
    if (!plan.from.empty()) model.load_state(plan.from);
    Batches batches(data_.samples, data_.files, options_);
    Outcome outcome;
    for (std::int64_t step = plan.first; step < plan.end; ++step) {
      const double share = 1 / static_cast<double>(batches.num_packs(step));
      Losses sum;
      for (const DualStream& pack : batches.of_step(step, {.rank = ranks.rank(), .size = ranks.size()})) {
        const auto weights = loss_weights(pack.losses, LossWeighting::kWeighted, 1);
        sum.total += model.add_gradient(pack, weights, 1, share).total * share;
      }
      EXPECT_TRUE(sum_over_ranks(ranks, false, sum));
      outcome.losses.push_back(sum.total);
      outcome.norms.push_back(model.step(1e-3));
    }
    outcome.held_out = Evaluator(data_, options_, LossWeighting::kUniform, 1, ranks).losses(model, {})->total;
    for (const std::string& name : model.names()) {
      const auto values = model.weight(name);
      outcome.weights.insert(outcome.weights.end(), values.begin(), values.end());
    }
    if (!plan.to.empty()) model.save_state(plan.to);
    return outcome;
  }

  std::vector<Outcome> run_as(int size, const Plan& plan) const {
    std::vector<Outcome> outcomes(static_cast<std::size_t>(size));
    const auto thrown =
        as_ranks(size, [&](Ranks& ranks) { outcomes[static_cast<std::size_t>(ranks.rank())] = run(plan, ranks); });
    for (const auto& one : thrown) EXPECT_EQ(message_of(one), "");
    return outcomes;
  }

  static void expect_alike(const Outcome& outcome, const Outcome& wanted, double tolerance) {
    ASSERT_EQ(outcome.losses.size(), wanted.losses.size());
    for (std::size_t i = 0; i < wanted.losses.size(); ++i) {
      EXPECT_NEAR(outcome.losses[i], wanted.losses[i], tolerance) << "step " << i;
      EXPECT_NEAR(outcome.norms[i], wanted.norms[i], 10 * tolerance) << "step " << i;
    }
    EXPECT_NEAR(outcome.held_out, wanted.held_out, tolerance);
  }

  ModelOptions adapter() const {
    LoraConfig lora;
    lora.rank = 3;
    lora.dropout = 0.2;
    lora.rows = LoraRows::kMasks;
    return {.compute = ComputeType::kFloat32, .num_threads = 1, .lora = lora};
  }

  fs::path file(const char* name) const { return temporary_.path() / name; }

  TemporaryFolder temporary_;
  DataSet data_ = some_samples();
  BatchOptions options_{.masks = {.block_size = 8}, .mask_token_id = 3, .max_tokens = 64, .accumulation = 5};
  Checkpoint checkpoint_ = Checkpoint::open(test_data("checkpoints/qwen3-tied-f32-headdim32"));
  ModelConfig config_ = parse_model_config(checkpoint_.config());
  const ModelOptions float32_{.compute = ComputeType::kFloat32, .num_threads = 1};
  const ModelOptions bfloat16_{.compute = ComputeType::kBfloat16, .num_threads = 1};
};

TEST_F(SharedRunTest, RanksHaveTheLossesOfOne) {
  for (const ModelOptions& model : {float32_, adapter()}) {
    const Outcome alone = run({.model = model}, Ranks::alone());
    ASSERT_GT(std::abs(alone.losses.front() - alone.losses.back()), 100 * kTolerance) << "it has to have learned";
    for (const int size : {2, 3}) {
      const auto outcomes = run_as(size, {.model = model});
      for (const Outcome& outcome : outcomes) {
        expect_alike(outcome, alone, kTolerance);
        EXPECT_EQ(outcome.weights, outcomes[0].weights) << "all ranks have the same";
        ASSERT_EQ(outcome.weights.size(), alone.weights.size());
      }
    }
  }
}

/// In bfloat16 a rank keeps float32 masters of its part alone. What is rounding in a gradient moves a few weights to
/// the next bfloat16, which is the size of the difference.
TEST_F(SharedRunTest, RanksWithReplicasInBfloat16HaveTheLossesOfOne) {
  const Outcome alone = run({.model = bfloat16_}, Ranks::alone());
  for (const int size : {2, 3}) {
    for (const Outcome& outcome : run_as(size, {.model = bfloat16_})) expect_alike(outcome, alone, 1e-4);
  }
}

TEST_F(SharedRunTest, MoreRanksThanPacksAndThanElementsAreOfNoHarm) {
  options_.accumulation = 2;
  const Outcome alone = run({.model = float32_}, Ranks::alone());
  for (const Outcome& outcome : run_as(5, {.model = float32_})) expect_alike(outcome, alone, kTolerance);
}

TEST_F(SharedRunTest, AStateGoesOnWithAnyNumberOfRanks) {
  for (const ModelOptions& model : {float32_, bfloat16_, adapter()}) {
    const bool is_rounded = model.compute == ComputeType::kBfloat16;
    const Outcome whole = run({.model = model}, Ranks::alone());
    run({.model = model, .end = 2, .to = file("of-one")}, Ranks::alone());
    run_as(3, {.model = model, .end = 2, .to = file("of-three")});
    Outcome rest = whole;
    rest.losses.erase(rest.losses.begin(), rest.losses.begin() + 2);
    rest.norms.erase(rest.norms.begin(), rest.norms.begin() + 2);
    for (const Outcome& outcome : run_as(2, {.model = model, .first = 2, .from = file("of-three")})) {
      expect_alike(outcome, rest, is_rounded ? 1e-4 : kTolerance);
    }
    expect_alike(run({.model = model, .first = 2, .from = file("of-three")}, Ranks::alone()), rest,
                 is_rounded ? 1e-4 : kTolerance);
    // Nothing is lost on the way: what two ranks have read they write again, to the byte.
    run_as(2, {.model = model, .first = 2, .end = 2, .from = file("of-one"), .to = file("again")});
    EXPECT_EQ(read_text(file("again")), read_text(file("of-one")));
  }
}

TEST_F(SharedRunTest, ABadGradientIsNamedByAll) {
  const auto thrown = as_ranks(2, [&](Ranks& ranks) {
    TrainedModel model(CheckpointWeights(checkpoint_, config_), config_, float32_, AdamW{}, ranks);
    Batches batches(data_.samples, data_.files, options_);
    const DualStream pack = batches.of_step(0).at(0);
    std::vector<float> weights = loss_weights(pack.losses, LossWeighting::kWeighted, 1);
    if (ranks.rank() == 1) weights[0] = std::numeric_limits<float>::infinity();
    model.add_gradient(pack, weights, 1, 1);
    try {
      model.step(1e-3);
      ADD_FAILURE() << "rank " << ranks.rank() << " took the step";
    } catch (const InvalidInput& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("the gradient of model."));
      throw;
    }
  });
  EXPECT_NE(message_of(thrown[0]), message_of(thrown[1])) << "one of them says it";
}

}  // namespace
}  // namespace wedlm::train
