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

struct Candidate {
  float logit;
  TokenId token;
};

/// The order of the filters: likelier first, the lower id on ties.
bool is_better(const Candidate& a, const Candidate& b) {
  return a.logit > b.logit || (a.logit == b.logit && a.token < b.token);
}

/// logit - max, where an infinite maximum leaves all others without probability.
double below_max(float logit, float max) {
  if (logit == max) return 0;
  return std::isnan(logit) ? kMinusInfinity : static_cast<double>(logit) - static_cast<double>(max);
}

TokenId best_token(std::span<const float> logits, TokenId banned) {
  TokenId best = kNoToken;
  float best_logit = kMinusInfinity;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const auto token = static_cast<TokenId>(i);
    if ((logits[i] > best_logit || best == kNoToken) && token != banned) {
      best = token;
      best_logit = std::isnan(logits[i]) ? kMinusInfinity : logits[i];
    }
  }
  return best;
}

/// The `top_k` best tokens, in no order. Tokens come by ascending id, so that one which only equals the worst of those
/// already kept never replaces it.
std::vector<Candidate> keep_top_k(std::span<const float> logits, TokenId banned, std::size_t top_k) {
  std::vector<Candidate> kept;
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

std::vector<Candidate> keep_all(std::span<const float> logits, TokenId banned, float at_least) {
  std::vector<Candidate> kept;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (logits[i] >= at_least && static_cast<TokenId>(i) != banned)
      kept.push_back({logits[i], static_cast<TokenId>(i)});
  }
  return kept;
}

/// Keeps the smallest set, best first, whose exp(logit - max) reaches `mass`. Sorts no more than it has to.
void keep_mass(std::vector<Candidate>& candidates, float max, double mass) {
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

std::vector<Candidate> keep_top_p(std::span<const float> logits, const RowMoments& moments,
                                  const SamplingRow& sampling) {
  const double sum = allowed_mass(logits, moments, sampling.banned);
  // Tokens below this share could not make up 1 - top_p even if all were of that size, so that those above reach it.
  // The margin covers the rounding of the logarithm, of the sum and of the threshold itself.
  const double share = (1 - static_cast<double>(sampling.top_p)) * sum / static_cast<double>(logits.size());
  double threshold = kMinusInfinity;
  if (share > 0 && !std::isinf(moments.max)) {
    const auto max = static_cast<double>(moments.max);
    threshold = max + std::log(share) - 1e-5 - 1e-6 * std::abs(max);
  }
  auto kept = keep_all(logits, sampling.banned, static_cast<float>(threshold));
  keep_mass(kept, moments.max, sum * static_cast<double>(sampling.top_p));
  return kept;
}

/// The tokens that top-k and top-p leave.
std::vector<Candidate> filter(std::span<const float> logits, const RowMoments& moments, const SamplingRow& sampling,
                              float best_logit) {
  const bool any_top_k = sampling.top_k > 0 && static_cast<std::size_t>(sampling.top_k) < logits.size();
  if (!any_top_k && sampling.top_p >= 1) return keep_all(logits, sampling.banned, kMinusInfinity);
  if (!any_top_k) return keep_top_p(logits, moments, sampling);
  auto kept = keep_top_k(logits, sampling.banned, static_cast<std::size_t>(sampling.top_k));
  if (sampling.top_p < 1) {
    // Summed in a fixed order, whatever order nth_element left.
    std::sort(kept.begin(), kept.end(), is_better);
    double sum = 0;
    for (const Candidate& candidate : kept) sum += std::exp(below_max(candidate.logit, best_logit));
    keep_mass(kept, best_logit, sum * static_cast<double>(sampling.top_p));
  }
  return kept;
}

/// Gumbel-max over a set that yields (logit, token) pairs to a callback. Noise is drawn only where it could still win.
class GumbelMax {
 public:
  GumbelMax(const SamplingRow& sampling, TokenId best, float best_logit)
      : sampling_(sampling), max_(best_logit), token_(best), score_(noise(best)) {}

  void offer(float logit, TokenId token) {
    const double scaled = below_max(logit, max_) / static_cast<double>(sampling_.temperature);
    if (!(scaled + kMaxGumbel >= score_) || token == token_) return;
    const double score = scaled + noise(token);
    if (score > score_ || (score == score_ && token < token_)) {
      token_ = token;
      score_ = score;
    }
  }

  TokenId token() const { return token_; }

 private:
  double noise(TokenId token) const {
    return static_cast<double>(
        gumbel(sampling_.seed, static_cast<std::uint64_t>(sampling_.position), static_cast<std::uint32_t>(token)));
  }

  const SamplingRow& sampling_;
  float max_;
  TokenId token_;
  double score_;
};

TokenId sample(std::span<const float> logits, const RowMoments& moments, const SamplingRow& sampling, TokenId best) {
  const float best_logit = logits[static_cast<std::size_t>(best)];
  GumbelMax winner(sampling, best, best_logit);
  const bool any_filter = sampling.top_k > 0 || sampling.top_p < 1;
  if (any_filter && best_logit > kMinusInfinity) {
    for (const Candidate& candidate : filter(logits, moments, sampling, best_logit)) {
      winner.offer(candidate.logit, candidate.token);
    }
    return winner.token();
  }
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (static_cast<TokenId>(i) != sampling.banned) winner.offer(logits[i], static_cast<TokenId>(i));
  }
  return winner.token();
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

Prediction predict_row(std::span<const float> logits, const RowMoments& moments, const SamplingRow& sampling) {
  Prediction prediction{.best = best_token(logits, sampling.banned)};
  if (prediction.best == kNoToken) return prediction;
  prediction.sampled = sampling.temperature > 0 ? sample(logits, moments, sampling, prediction.best) : prediction.best;

  // The largest logit alone makes the sum 1, unless there is none.
  const bool is_uniform = !(moments.sum >= 1);
  const double log_sum = is_uniform ? std::log(static_cast<double>(logits.size())) : std::log(moments.sum);
  const auto log_prob = [&](TokenId token) {
    const float logit = logits[static_cast<std::size_t>(token)];
    return static_cast<float>((is_uniform ? 0 : below_max(logit, moments.max)) - log_sum);
  };
  // H = -sum p log p with log p = (logit - max) - log_sum.
  const double entropy = is_uniform ? log_sum : log_sum - moments.weighted_sum / moments.sum;
  prediction.entropy = static_cast<float>(std::max(entropy, 0.0));
  prediction.best_log_prob = log_prob(prediction.best);
  prediction.sampled_log_prob = log_prob(prediction.sampled);
  if (sampling.scored != kNoToken) prediction.scored_log_prob = log_prob(sampling.scored);
  return prediction;
}

Prediction predict_row(std::span<const float> logits, const SamplingRow& sampling) {
  return predict_row(logits, row_moments(logits), sampling);
}

}  // namespace wedlm
