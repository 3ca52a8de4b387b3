// Samples of random tokens, enough for several packs.
#pragma once

#include <vector>

#include "wedlm/train/data/sample_set.h"
#include "wedlm/train/draws.h"

namespace wedlm::train {

constexpr std::size_t kNumSomeSamples = 9;

inline DataSet some_samples() {
  SampleSetBuilder samples;
  Draws draws(1, Draws::Purpose::kWeights, 0);
  for (std::size_t i = 0; i < kNumSomeSamples; ++i) {
    Sample sample;
    for (std::size_t token = 0; token < 10 + 7 * i; ++token) {
      sample.append(std::vector<TokenId>{static_cast<TokenId>(draws.below(200))}, token > 4);
    }
    samples.add(sample, 0);
  }
  return {.samples = std::move(samples).take(), .files = std::vector<TrainingFile>(1)};
}

}  // namespace wedlm::train
