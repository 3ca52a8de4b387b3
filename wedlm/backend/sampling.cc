#include "wedlm/backend/sampling.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "wedlm/base/random.h"

namespace wedlm {
namespace {

constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();

// No noise is larger: gumbel() takes its logarithms of numbers at least 2^-33 away from 1, and 33 ln 2 < 22.88.
constexpr double kMaxGumbel = 22.88;

/// The order of the filters: likelier first, the lower id on ties.
bool is_better(const TokenLogit& a, const TokenLogit& b) {
  return a.logit > b.logit || (a.logit == b.logit && a.token < b.token);
}

/// logit - max, where an infinite maximum leaves all others without probability.
double below_max(float logit, float max) {
  if (logit == max) return 0;
  return std::isnan(logit) ? kMinusInfinity : static_cast<double>(logit) - static_cast<double>(max);
}

float level_of(float logit) {
  return std::isinf(logit) ? logit : 0;
}

/// Before noise is added.
double score_of(float logit, const SamplingRow& sampling) {
  return std::isinf(logit) ? 0 : static_cast<double>(logit) / static_cast<double>(sampling.temperature);
}

/// The `top_k` best tokens, in no order. Tokens come by ascending id, so that one which only equals the worst of those
/// already kept never replaces it.
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

/// The tokens that all filters leave.
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

}  // namespace

RowMoments row_moments(std::span<const float> logits) {
  RowMoments moments{.max = kMinusInfinity};
  for (const float logit : logits) moments.max = logit > moments.max ? logit : moments.max;
  for (const float logit : logits) {
    const double below = below_max(logit, moments.max);
    const double e = std::exp(below);
    if (e == 0) continue;  // 0 * infinity is no number
    moments.sum += e;
    moments.weighted_sum += e * below;
  }
  return moments;
}

void RowMoments::add(const RowMoments& other) {
  if (other.sum == 0) return;
  if (sum == 0) {
    *this = other;
    return;
  }
  const bool is_above = other.max > max;
  const RowMoments& low = is_above ? *this : other;
  const RowMoments& high = is_above ? other : *this;
  const double below = below_max(low.max, high.max);
  const double e = std::exp(below);
  const double low_weighted_sum = e == 0 ? 0 : e * (low.weighted_sum + low.sum * below);  // 0 * infinity is no number
  *this = {.max = high.max, .sum = high.sum + e * low.sum, .weighted_sum = high.weighted_sum + low_weighted_sum};
}

void BestToken::offer(const TokenLogit& candidate) {
  const auto size = [](float x) { return std::isnan(x) ? kMinusInfinity : x; };
  const float size_here = size(logit);
  const float size_there = size(candidate.logit);
  if (token != kNoToken && size_there < size_here) return;
  if (token != kNoToken && size_there == size_here && token < candidate.token) return;
  static_cast<TokenLogit&>(*this) = candidate;
}

void BestToken::offer_all(std::span<const float> logits, TokenId first, TokenId banned) {
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const TokenId id = first + static_cast<TokenId>(i);
    if (id != banned) offer({.logit = logits[i], .token = id});
  }
}

bool DrawnToken::may_lose_to(float other_logit, const SamplingRow& sampling) const {
  if (std::isnan(other_logit)) return false;
  if (token == kNoToken) return true;
  const float other_level = level_of(other_logit);
  return other_level > level || (other_level == level && score_of(other_logit, sampling) + kMaxGumbel >= score);
}

void DrawnToken::offer(const TokenLogit& candidate, const SamplingRow& sampling) {
  if (candidate.token == token || !may_lose_to(candidate.logit, sampling)) return;
  const float noise =
      gumbel(sampling.seed, static_cast<std::uint64_t>(sampling.position), static_cast<std::uint32_t>(candidate.token));
  take({candidate, level_of(candidate.logit), score_of(candidate.logit, sampling) + static_cast<double>(noise)});
}

void DrawnToken::take(const DrawnToken& other) {
  const auto is_better = [&] {
    if (token == kNoToken || other.token == kNoToken) return token == kNoToken;
    if (other.level != level) return other.level > level;
    return other.score > score || (other.score == score && other.token < token);
  };
  if (is_better()) *this = other;
}

void RowFindings::take(const RowFindings& other) {
  if (other.best.token != kNoToken) best.offer(other.best);
  drawn.take(other.drawn);
  if (!std::isnan(other.scored_logit)) scored_logit = other.scored_logit;
}

bool needs_all_logits(const SamplingRow& sampling) {
  return sampling.temperature > 0 && !sampling.filters.keep_all();
}

DrawnToken draw(std::span<const float> logits, const RowMoments& moments, const SamplingRow& sampling,
                const BestToken& best) {
  DrawnToken drawn;
  drawn.offer(best, sampling);
  // A row without probabilities is drawn from whole.
  if (needs_all_logits(sampling) && best.logit > kMinusInfinity) {
    for (const TokenLogit& kept : filter(logits, moments, sampling, best.logit)) drawn.offer(kept, sampling);
    return drawn;
  }
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const auto token = static_cast<TokenId>(i);
    if (token != sampling.banned) drawn.offer({.logit = logits[i], .token = token}, sampling);
  }
  return drawn;
}

Prediction make_prediction(std::int64_t vocab_size, const RowMoments& moments, const SamplingRow& sampling,
                           const RowFindings& findings) {
  const TokenLogit& best = findings.best;
  Prediction prediction{.best = best.token};
  if (best.token == kNoToken) return prediction;
  // The best is no number where no allowed token has a probability: then it is as good as any.
  const bool is_drawn = sampling.temperature > 0 && !std::isnan(best.logit);
  const TokenLogit& sampled = is_drawn ? static_cast<const TokenLogit&>(findings.drawn) : best;
  prediction.sampled = sampled.token;

  // The largest logit alone makes the sum 1, unless there is none.
  const bool is_uniform = !(moments.sum >= 1);
  const double log_sum = is_uniform ? std::log(static_cast<double>(vocab_size)) : std::log(moments.sum);
  const auto log_prob = [&](float logit) {
    return static_cast<float>((is_uniform ? 0 : below_max(logit, moments.max)) - log_sum);
  };
  // H = -sum p log p with log p = (logit - max) - log_sum.
  const double entropy = is_uniform ? log_sum : log_sum - moments.weighted_sum / moments.sum;
  prediction.entropy = static_cast<float>(std::max(entropy, 0.0));
  prediction.best_log_prob = log_prob(best.logit);
  prediction.sampled_log_prob = log_prob(sampled.logit);
  if (sampling.scored != kNoToken) prediction.scored_log_prob = log_prob(findings.scored_logit);
  return prediction;
}

Prediction predict_row(std::span<const float> logits, const SamplingRow& sampling) {
  const RowMoments moments = row_moments(logits);
  RowFindings findings;
  findings.best.offer_all(logits, 0, sampling.banned);
  if (findings.best.token == kNoToken) return {};
  if (sampling.temperature > 0) findings.drawn = draw(logits, moments, sampling, findings.best);
  if (sampling.scored != kNoToken) findings.scored_logit = logits[static_cast<std::size_t>(sampling.scored)];
  return make_prediction(static_cast<std::int64_t>(logits.size()), moments, sampling, findings);
}

}  // namespace wedlm
