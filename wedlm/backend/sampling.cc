#include "wedlm/backend/sampling.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "wedlm/backend/token_filters.h"
#include "wedlm/base/random.h"

namespace wedlm {
namespace {

constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();

// No noise is larger: gumbel() takes its logarithms of numbers at least 2^-33 away from 1, and 33 ln 2 < 22.88.
constexpr double kMaxGumbel = 22.88;

float level_of(float logit) {
  return std::isinf(logit) ? logit : 0;
}

/// Before noise is added.
double score_of(float logit, const SamplingRow& sampling) {
  return std::isinf(logit) ? 0 : static_cast<double>(logit) / static_cast<double>(sampling.temperature);
}

/// Calls visit(token) for each token that a draw may take; `best_logit` is the largest of the allowed ones. A row
/// without probabilities is drawn from whole.
template <class Visit>
void visit_drawable(std::span<const float> logits, const RowMoments& moments, const SamplingRow& sampling,
                    float best_logit, const Visit& visit) {
  if (!sampling.filters.keep_all() && best_logit > kMinusInfinity) {
    for (const TokenLogit& kept : keep_filtered(logits, moments, sampling, best_logit)) visit(kept);
    return;
  }
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const auto token = static_cast<TokenId>(i);
    if (token != sampling.banned) visit(TokenLogit{.logit = logits[i], .token = token});
  }
}

/// The natural logarithm of a token's probability, by the moments of its row.
class LogProbability {
 public:
  LogProbability(const RowMoments& moments, std::int64_t vocab_size)
      : max_(moments.max),
        // The largest logit alone makes the sum 1, unless there is none.
        is_uniform_(!(moments.sum >= 1)),
        log_sum_(std::log(is_uniform_ ? static_cast<double>(vocab_size) : moments.sum)) {}

  bool is_uniform() const { return is_uniform_; }
  double log_sum() const { return log_sum_; }
  float of(float logit) const { return static_cast<float>((is_uniform_ ? 0 : below_max(logit, max_)) - log_sum_); }

 private:
  float max_;
  bool is_uniform_;
  double log_sum_;
};

/// The scored token, and the entropy, in the distribution that draws are taken from.
void score_draw(std::span<const float> logits, const RowMoments& moments, const SamplingRow& sampling,
                Prediction& prediction) {
  // Below this a weight is lost in the rounding of the sum, however many there are.
  constexpr double kLeastExponent = -80;
  const float best_logit = logits[static_cast<std::size_t>(prediction.best)];
  const double temperature = sampling.temperature > 0 ? static_cast<double>(sampling.temperature) : 1;
  double sum = 0;
  double weighted_sum = 0;
  std::int64_t num_drawable = 0;
  bool is_drawable = false;
  visit_drawable(logits, moments, sampling, best_logit, [&](const TokenLogit& it) {
    ++num_drawable;
    is_drawable |= it.token == sampling.scored;
    const double exponent = below_max(it.logit, best_logit) / temperature;
    if (exponent < kLeastExponent) return;
    const double weight = std::exp(exponent);
    sum += weight;
    weighted_sum += weight * exponent;
  });
  const bool is_uniform = !(sum >= 1);
  const double log_sum = std::log(is_uniform ? static_cast<double>(num_drawable) : sum);
  prediction.drawn_entropy = static_cast<float>(is_uniform ? log_sum : std::max(log_sum - weighted_sum / sum, 0.0));
  prediction.drawn_log_prob = kMinusInfinity;
  if (!is_drawable) return;
  const float logit = logits[static_cast<std::size_t>(sampling.scored)];
  prediction.drawn_log_prob =
      static_cast<float>((is_uniform ? 0 : below_max(logit, best_logit) / temperature) - log_sum);
}

void list_alternatives(std::span<const float> logits, const RowMoments& moments, const SamplingRow& sampling,
                       Prediction& prediction) {
  const LogProbability log_prob(moments, static_cast<std::int64_t>(logits.size()));
  const auto most = static_cast<std::size_t>(sampling.num_alternatives);
  auto best = keep_top_k(logits, sampling.banned, most);
  std::sort(best.begin(), best.end(), is_better);
  best.resize(std::min(best.size(), most));
  prediction.num_alternatives = static_cast<std::int32_t>(best.size());
  std::transform(best.begin(), best.end(), prediction.best_tokens.begin(), [&](const TokenLogit& it) {
    return TokenLogProb{.token = it.token, .log_prob = log_prob.of(it.logit)};
  });
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

bool draws_filtered(const SamplingRow& sampling) {
  return sampling.temperature > 0 && !sampling.filters.keep_all();
}

bool needs_all_logits(const SamplingRow& sampling) {
  const bool scores_draw = sampling.wants_drawn && sampling.scored != kNoToken;
  return draws_filtered(sampling) || scores_draw || sampling.num_alternatives > 0 || !sampling.adjustments.empty();
}

DrawnToken draw(std::span<const float> logits, const RowMoments& moments, const SamplingRow& sampling,
                const BestToken& best) {
  DrawnToken drawn;
  drawn.offer(best, sampling);
  visit_drawable(logits, moments, sampling, best.logit, [&](const TokenLogit& it) { drawn.offer(it, sampling); });
  return drawn;
}

void add_from_all_logits(std::span<const float> logits, const RowMoments& moments, const SamplingRow& sampling,
                         Prediction& prediction) {
  if (prediction.best == kNoToken) return;
  if (sampling.wants_drawn && sampling.scored != kNoToken) score_draw(logits, moments, sampling, prediction);
  if (sampling.num_alternatives > 0) list_alternatives(logits, moments, sampling, prediction);
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

  const LogProbability log_prob(moments, vocab_size);
  // H = -sum p log p with log p = (logit - max) - log_sum.
  const double entropy =
      log_prob.is_uniform() ? log_prob.log_sum() : log_prob.log_sum() - moments.weighted_sum / moments.sum;
  prediction.entropy = static_cast<float>(std::max(entropy, 0.0));
  prediction.best_log_prob = log_prob.of(best.logit);
  prediction.sampled_log_prob = log_prob.of(sampled.logit);
  prediction.sampled_certainty = prediction.sampled_log_prob;
  if (sampling.scored != kNoToken) prediction.scored_log_prob = log_prob.of(findings.scored_logit);
  return prediction;
}

void report_log_probs(std::span<const float> logits, const RowMoments& moments, const SamplingRow& sampling,
                      Prediction& prediction) {
  if (prediction.best == kNoToken) return;
  const LogProbability log_prob(moments, static_cast<std::int64_t>(logits.size()));
  const auto of = [&](TokenId token) { return log_prob.of(logits[static_cast<std::size_t>(token)]); };
  prediction.best_log_prob = of(prediction.best);
  prediction.sampled_log_prob = of(prediction.sampled);
  if (sampling.scored != kNoToken) prediction.scored_log_prob = of(sampling.scored);
  if (sampling.num_alternatives > 0) list_alternatives(logits, moments, sampling, prediction);
}

std::vector<float> adjusted(std::span<const float> logits, std::span<const LogitAdjustment> adjustments) {
  std::vector<float> result(logits.begin(), logits.end());
  for (const LogitAdjustment& it : adjustments) {
    float& logit = result[static_cast<std::size_t>(it.token)];
    logit += it.bias;
    logit = logit > 0 ? logit / it.divisor : logit * it.divisor;
    logit -= it.penalty;
  }
  return result;
}

Prediction predict_row(std::span<const float> logits, const SamplingRow& sampling) {
  const RowMoments moments = row_moments(logits);
  if (!sampling.adjustments.empty()) return predict_adjusted(logits, moments, sampling, predict_row);
  RowFindings findings;
  findings.best.offer_all(logits, 0, sampling.banned);
  if (findings.best.token == kNoToken) return {};
  if (sampling.temperature > 0) findings.drawn = draw(logits, moments, sampling, findings.best);
  if (sampling.scored != kNoToken) findings.scored_logit = logits[static_cast<std::size_t>(sampling.scored)];
  Prediction prediction = make_prediction(static_cast<std::int64_t>(logits.size()), moments, sampling, findings);
  add_from_all_logits(logits, moments, sampling, prediction);
  return prediction;
}

}  // namespace wedlm
