#include "wedlm/backend/token_filters.h"

#include <algorithm>
#include <cstddef>

namespace wedlm {
namespace {

constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();

std::vector<TokenLogit> keep_all(std::span<const float> logits, TokenId banned, float at_least) {
  std::vector<TokenLogit> kept;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (logits[i] >= at_least && static_cast<TokenId>(i) != banned)
      kept.push_back({logits[i], static_cast<TokenId>(i)});
  }
  return kept;
}

/// Keeps the smallest set, best first, whose exp(logit - max) reaches `mass`. Sorts no more than it has to.
void keep_mass(std::vector<TokenLogit>& candidates, float max, double mass) {
  constexpr std::ptrdiff_t kFirstChunk = 256;
  double sum = 0;
  auto sorted = candidates.begin();
  for (std::ptrdiff_t chunk = kFirstChunk; sorted != candidates.end(); chunk *= 4) {
    const auto chunk_end = candidates.end() - sorted > chunk ? sorted + chunk : candidates.end();
    if (chunk_end != candidates.end()) std::nth_element(sorted, chunk_end, candidates.end(), is_better);
    std::sort(sorted, chunk_end, is_better);
    for (; sorted != chunk_end; ++sorted) {
      sum += std::exp(below_max(sorted->logit, max));
      if (sum >= mass) {
        candidates.erase(sorted + 1, candidates.end());
        return;
      }
    }
  }
}

/// The sum of exp(logit - max) over all tokens but the banned one.
double allowed_mass(std::span<const float> logits, const RowMoments& moments, TokenId banned) {
  const bool any_banned = banned >= 0 && static_cast<std::size_t>(banned) < logits.size();
  const double rest =
      moments.sum - (any_banned ? std::exp(below_max(logits[static_cast<std::size_t>(banned)], moments.max)) : 0);
  if (rest >= 0.5 * moments.sum) return rest;
  // The difference would have lost its digits.
  double sum = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (static_cast<TokenId>(i) != banned) sum += std::exp(below_max(logits[i], moments.max));
  }
  return sum;
}

std::vector<TokenLogit> keep_top_p(std::span<const float> logits, const RowMoments& moments,
                                   const SamplingRow& sampling) {
  const double sum = allowed_mass(logits, moments, sampling.banned);
  // Tokens below this share could not make up 1 - top_p even if all were of that size, so that those above reach it.
  // The margin covers the rounding of the logarithm, of the sum and of the threshold itself.
  const auto top_p = static_cast<double>(sampling.filters.top_p);
  const double share = (1 - top_p) * sum / static_cast<double>(logits.size());
  double threshold = kMinusInfinity;
  if (share > 0 && !std::isinf(moments.max)) {
    const auto max = static_cast<double>(moments.max);
    threshold = max + std::log(share) - 1e-5 - 1e-6 * std::abs(max);
  }
  auto kept = keep_all(logits, sampling.banned, static_cast<float>(threshold));
  keep_mass(kept, moments.max, sum * top_p);
  return kept;
}

/// The tokens that top-k and top-p leave.
std::vector<TokenLogit> keep_top(std::span<const float> logits, const RowMoments& moments, const SamplingRow& sampling,
                                 float best_logit) {
  const TokenFilters& filters = sampling.filters;
  const bool any_top_k = filters.top_k > 0 && static_cast<std::size_t>(filters.top_k) < logits.size();
  if (!any_top_k && filters.top_p >= 1) return keep_all(logits, sampling.banned, kMinusInfinity);
  if (!any_top_k) return keep_top_p(logits, moments, sampling);
  auto kept = keep_top_k(logits, sampling.banned, static_cast<std::size_t>(filters.top_k));
  if (filters.top_p < 1) {
    // Summed in a fixed order, whatever order nth_element left.
    std::sort(kept.begin(), kept.end(), is_better);
    double sum = 0;
    for (const TokenLogit& candidate : kept) sum += std::exp(below_max(candidate.logit, best_logit));
    keep_mass(kept, best_logit, sum * static_cast<double>(filters.top_p));
  }
  return kept;
}

}  // namespace

// Tokens come by ascending id, so that one which only equals the worst of those
// already kept never replaces it.
std::vector<TokenLogit> keep_top_k(std::span<const float> logits, TokenId banned, std::size_t top_k) {
  std::vector<TokenLogit> kept;
  kept.reserve(std::min(2 * top_k, logits.size()));
  float threshold = kMinusInfinity;
  const auto shrink = [&] {
    const auto worst = kept.begin() + static_cast<std::ptrdiff_t>(top_k) - 1;
    std::nth_element(kept.begin(), worst, kept.end(), is_better);
    threshold = worst->logit;
    kept.resize(top_k);
  };
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (!(logits[i] > threshold) || static_cast<TokenId>(i) == banned) continue;
    kept.push_back({logits[i], static_cast<TokenId>(i)});
    if (kept.size() == 2 * top_k) shrink();
  }
  if (kept.size() > top_k) shrink();
  return kept;
}

std::vector<TokenLogit> filter(std::span<const float> logits, const RowMoments& moments, const SamplingRow& sampling,
                               float best_logit) {
  auto kept = keep_top(logits, moments, sampling, best_logit);
  if (sampling.filters.min_p > 0) {
    // p >= min_p * p_best, without the sum that both share.
    const double lowest = std::log(static_cast<double>(sampling.filters.min_p));
    std::erase_if(kept, [&](const TokenLogit& token) { return below_max(token.logit, best_logit) < lowest; });
  }
  return kept;
}

}  // namespace wedlm
