#include "wedlm/backend/token_filters.h"

#include <algorithm>
#include <cstddef>

namespace wedlm {
namespace {

constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();

// Tokens of so small a weight, even if all of a vocabulary were of it, change no digit of a top_p, which is a float.
constexpr double kLeastExponent = -40;

/// The temperature of the probabilities that filters see.
double filter_temperature(const SamplingRow& sampling) {
  const bool is_first = sampling.filters.order == FilterOrder::kTemperatureFirst && sampling.temperature > 0;
  return is_first ? static_cast<double>(sampling.temperature) : 1;
}

/// The weight of a token beside the best of those that are allowed, whose weight is 1.
struct Weights {
  float best_logit;
  double temperature;

  double exponent(float logit) const { return below_max(logit, best_logit) / temperature; }
  double of(float logit) const { return std::exp(exponent(logit)); }
};

std::vector<TokenLogit> keep_all(std::span<const float> logits, TokenId banned, float at_least) {
  std::vector<TokenLogit> kept;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (logits[i] >= at_least && static_cast<TokenId>(i) != banned)
      kept.push_back({logits[i], static_cast<TokenId>(i)});
  }
  return kept;
}

/// Keeps the smallest set, best first, whose weights reach `mass`. Sorts no more than it has to.
void keep_mass(std::vector<TokenLogit>& candidates, const Weights& weights, double mass) {
  constexpr std::ptrdiff_t kFirstChunk = 256;
  double sum = 0;
  auto sorted = candidates.begin();
  for (std::ptrdiff_t chunk = kFirstChunk; sorted != candidates.end(); chunk *= 4) {
    const auto chunk_end = candidates.end() - sorted > chunk ? sorted + chunk : candidates.end();
    if (chunk_end != candidates.end()) std::nth_element(sorted, chunk_end, candidates.end(), is_better);
    std::sort(sorted, chunk_end, is_better);
    for (; sorted != chunk_end; ++sorted) {
      sum += weights.of(sorted->logit);
      if (sum >= mass) {
        candidates.erase(sorted + 1, candidates.end());
        return;
      }
    }
  }
}

/// The sum of the weights of all tokens but the banned one.
double allowed_mass(std::span<const float> logits, const RowMoments& moments, TokenId banned, const Weights& weights) {
  const bool any_banned = banned >= 0 && static_cast<std::size_t>(banned) < logits.size();
  if (weights.temperature == 1) {
    const double rest =
        moments.sum - (any_banned ? std::exp(below_max(logits[static_cast<std::size_t>(banned)], moments.max)) : 0);
    // Below, the difference would have lost its digits.
    if (rest >= 0.5 * moments.sum) return rest * weights.of(moments.max);
  }
  double sum = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const double exponent = weights.exponent(logits[i]);
    if (exponent > kLeastExponent && static_cast<TokenId>(i) != banned) sum += std::exp(exponent);
  }
  return sum;
}

std::vector<TokenLogit> keep_top_p(std::span<const float> logits, const RowMoments& moments,
                                   const SamplingRow& sampling, const Weights& weights) {
  const double sum = allowed_mass(logits, moments, sampling.banned, weights);
  // Tokens below this share could not make up 1 - top_p even if all were of that size, so that those above reach it.
  // The margin covers the rounding of the logarithm, of the sum and of the threshold itself.
  const auto top_p = static_cast<double>(sampling.filters.top_p);
  const double share = (1 - top_p) * sum / static_cast<double>(logits.size());
  double threshold = kMinusInfinity;
  if (share > 0 && !std::isinf(weights.best_logit)) {
    const auto best = static_cast<double>(weights.best_logit);
    threshold = best + weights.temperature * (std::log(share) - 1e-5) - 1e-6 * std::abs(best);
  }
  auto kept = keep_all(logits, sampling.banned, static_cast<float>(threshold));
  keep_mass(kept, weights, sum * top_p);
  return kept;
}

/// The tokens that top-k and top-p leave.
std::vector<TokenLogit> keep_top(std::span<const float> logits, const RowMoments& moments, const SamplingRow& sampling,
                                 const Weights& weights) {
  const TokenFilters& filters = sampling.filters;
  const bool any_top_k = filters.top_k > 0 && static_cast<std::size_t>(filters.top_k) < logits.size();
  if (!any_top_k && filters.top_p >= 1) return keep_all(logits, sampling.banned, kMinusInfinity);
  if (!any_top_k) return keep_top_p(logits, moments, sampling, weights);
  auto kept = keep_top_k(logits, sampling.banned, static_cast<std::size_t>(filters.top_k));
  if (filters.top_p < 1) {
    // Summed in a fixed order, whatever order nth_element left.
    std::sort(kept.begin(), kept.end(), is_better);
    double sum = 0;
    for (const TokenLogit& candidate : kept) sum += weights.of(candidate.logit);
    keep_mass(kept, weights, sum * static_cast<double>(filters.top_p));
  }
  return kept;
}

}  // namespace

// Few tokens are above the worst of those already kept. Those that only equal it are collected at the end.
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
  if (kept.size() < top_k) return kept;
  shrink();
  return keep_all(logits, banned, threshold);
}

std::vector<TokenLogit> keep_filtered(std::span<const float> logits, const RowMoments& moments,
                                      const SamplingRow& sampling, float best_logit) {
  const Weights weights{.best_logit = best_logit, .temperature = filter_temperature(sampling)};
  auto kept = keep_top(logits, moments, sampling, weights);
  if (sampling.filters.min_p > 0) {
    // p >= min_p * p_best, without the sum that both share.
    const double lowest = std::log(static_cast<double>(sampling.filters.min_p));
    std::erase_if(kept, [&](const TokenLogit& token) { return weights.exponent(token.logit) < lowest; });
  }
  return kept;
}

}  // namespace wedlm
