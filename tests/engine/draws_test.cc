// What the engine draws, in every mode, against the probabilities that transformers' logits processors leave. The model
// says the same in every row, so that an answer is a row of draws; with a penalty for repetition only its first token
// is one of them.
#include <gtest/gtest.h>

#include <map>

#include "tests/engine/constant_model.h"
#include "tests/support/sampling_cases.h"
#include "wedlm/engine/engine.h"

namespace wedlm {
namespace {

constexpr int kNumDraws = 4000;

struct Draws {
  std::string backend;
  DecodeMode mode;
};

class DrawsTest : public testing::TestWithParam<Draws> {
 protected:
  LoadedModel& model_of(const SamplingCase& one) {
    std::unique_ptr<LoadedModel>& model = models_[one.logits];
    if (model == nullptr) model = constant_model(one.logits, GetParam().backend);
    return *model;
  }

  SamplingParams params_of(const SamplingCase& one) const {
    SamplingParams params{.mode = GetParam().mode,
                          .temperature = one.temperature,
                          .filters = one.filters,
                          .adjustments = {.repetition_penalty = one.repetition_penalty},
                          .max_tokens = one.repetition_penalty == 1 ? 100 : 1};
    // Several positions a forward, wherever a mode has them.
    params.window_size = 12;
    params.entropy_threshold = 100.0F;
    params.max_per_step = 9;
    params.draft_threshold = 0;
    return params;
  }

  std::vector<TokenId> draw(Engine& engine, const SamplingCase& one, SamplingParams params) {
    std::vector<std::shared_ptr<ResponseStream>> streams;
    for (int i = 0; i < kNumDraws / params.max_tokens; ++i) {
      params.seed = static_cast<std::uint64_t>(i);
      streams.push_back(engine.submit({.prompt = one.prompt, .params = params}));
    }
    std::vector<TokenId> drawn;
    for (const auto& stream : streams) {
      const Result& result = stream->wait();
      drawn.insert(drawn.end(), result.token_ids.begin(), result.token_ids.end());
      num_forwards_ += result.stats.decode_forwards;
    }
    return drawn;
  }

  std::map<std::vector<float>, std::unique_ptr<LoadedModel>> models_;
  std::int64_t num_forwards_ = 0;
};

TEST_P(DrawsTest, FollowTheProbabilitiesOfTransformers) {
  std::size_t num_draws = 0;
  for (const SamplingCase& one : huggingface_sampling_cases()) {
    Engine engine(model_of(one), {});
    const std::vector<TokenId> drawn = draw(engine, one, params_of(one));
    ASSERT_EQ(drawn.size(), static_cast<std::size_t>(kNumDraws));
    const DrawFit fit = fit_of(one, drawn);
    EXPECT_TRUE(fit.fits()) << one.name << ": " << fit.text();
    num_draws += drawn.size();
  }
  if (GetParam().mode != DecodeMode::kAutoregressive) {
    EXPECT_LT(num_forwards_, static_cast<std::int64_t>(num_draws) * 3 / 4) << "guesses were meant to be among them";
  }
}

TEST_P(DrawsTest, WithTheOrderOfTheOriginalTheFiltersComeFirst) {
  int num_other = 0;
  for (const SamplingCase& one : huggingface_sampling_cases()) {
    SamplingParams params = params_of(one);
    if (params.max_tokens == 1 || one.temperature == 1 || one.filters.keep_all()) continue;
    params.filters.order = FilterOrder::kOriginal;
    Engine engine(model_of(one), {});
    num_other += fit_of(one, draw(engine, one, params)).fits() ? 0 : 1;
  }
  EXPECT_GE(num_other, 10) << "the cases tell the orders apart";
}

std::vector<Draws> all_draws() {
  std::vector<Draws> all;
  for (const char* backend : {"reference", "cpu"}) {
    for (const auto& mode : kDecodeModes) all.push_back({backend, mode.value});
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(Modes, DrawsTest, testing::ValuesIn(all_draws()), [](const auto& instance) {
  return instance.param.backend + "_" + std::string(mode_name(instance.param.mode));
});

}  // namespace
}  // namespace wedlm
