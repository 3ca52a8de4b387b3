// Which tokens of a row a draw may take: top-k, then top-p, then min-p, all of them by the probabilities at the row's
// temperature, or before it where the filters come first.
#pragma once

#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "wedlm/backend/sampling.h"

namespace wedlm {

/// The order of tokens: likelier first, the lower id on ties.
inline bool is_better(const TokenLogit& a, const TokenLogit& b) {
  return a.logit > b.logit || (a.logit == b.logit && a.token < b.token);
}

/// logit - max, where an infinite maximum leaves all others without probability.
inline double below_max(float logit, float max) {
  if (logit == max) return 0;
  return std::isnan(logit) ? -std::numeric_limits<double>::infinity()
                           : static_cast<double>(logit) - static_cast<double>(max);
}

/// The `top_k` best tokens but for the banned one, and what ties with the last of them; in no order.
std::vector<TokenLogit> keep_top_k(std::span<const float> logits, TokenId banned, std::size_t top_k);

/// The tokens that all filters of `sampling` leave; `best_logit` is the largest of the allowed ones.
std::vector<TokenLogit> keep_filtered(std::span<const float> logits, const RowMoments& moments,
                                      const SamplingRow& sampling, float best_logit);

}  // namespace wedlm
