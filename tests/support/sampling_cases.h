// The probabilities that transformers' logits processors leave (tests/data/sampling), and how far draws are from them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "wedlm/base/prediction.h"

namespace wedlm {

struct SamplingCase {
  std::string name;  // of logits and settings, for messages
  std::vector<TokenId> prompt;
  std::vector<float> logits;          // raw
  std::vector<double> probabilities;  // 0: not kept
  float temperature = 1;
  TokenFilters filters;
  float repetition_penalty = 1;

  /// Tokens of which transformers may keep one and we another, because nothing tells them apart.
  bool are_tied(std::size_t a, std::size_t b) const;
};

/// transformers 5.24: repetition penalty, temperature, top-k, top-p, min-p.
const std::vector<SamplingCase>& huggingface_sampling_cases();

/// How many draws came outside the tokens that transformers keeps, and Pearson's statistic of the others. Tied tokens
/// count together, and so do those that should come fewer than five times.
struct DrawFit {
  int num_outside = 0;
  double statistic = 0;
  int degrees = 0;

  /// By six standard deviations: one of some billion would be off by more.
  bool fits() const;
  std::string text() const;
};

DrawFit fit_of(const SamplingCase& of, const std::vector<TokenId>& drawn);

}  // namespace wedlm
