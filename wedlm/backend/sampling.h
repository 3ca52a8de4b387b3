// From a row of logits to a prediction: entropy, best token, and a token drawn with temperature, top-k, top-p and
// min-p. The result is a function of the logits' bits and of the SamplingRow alone.
//
// A logit of minus infinity or NaN is a token of probability zero. Where every logit is one, the row counts as uniform.
//
// What needs no filter can be found out part by part: moments are added, the best and the drawn token are the largest
// in an order of all tokens, so that neither the parts nor their order decide which they are.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "wedlm/base/prediction.h"

namespace wedlm {

/// What one pass over some logits finds out; the probability of token v among them is exp(logits[v] - max) / sum.
struct RowMoments {
  float max = 0;            // of the logits
  double sum = 0;           // of e_v = exp(logits[v] - max)
  double weighted_sum = 0;  // of e_v * (logits[v] - max)

  /// Those of other logits of the row.
  void add(const RowMoments& other);
};

RowMoments row_moments(std::span<const float> logits);

struct TokenLogit {
  float logit = 0;
  TokenId token = kNoToken;
};

/// The token of the largest logit, the lowest id on ties.
struct BestToken : TokenLogit {
  void offer(const TokenLogit& candidate);
  /// Those of tokens first, first + 1, ... but for the banned one.
  void offer_all(std::span<const float> logits, TokenId first, TokenId banned);
};

/// The token of the largest score, the lowest id on ties. The score is logit / temperature + gumbel(seed, position,
/// token); where logits are infinite, the noise decides among the largest.
struct DrawnToken : TokenLogit {
  float level = 0;  // the logit where it is infinite, else 0: only the scores of one level are compared
  double score = 0;

  /// Whether there is noise with which a token of this logit would come first.
  bool may_lose_to(float other_logit, const SamplingRow& sampling) const;
  /// Draws noise only where it could still win.
  void offer(const TokenLogit& candidate, const SamplingRow& sampling);
  /// What was drawn from other tokens of the row.
  void take(const DrawnToken& other);
};

struct RowFindings {
  BestToken best;
  DrawnToken drawn;  // read only at a temperature above 0
  float scored_logit = std::numeric_limits<float>::quiet_NaN();

  /// What was found out about other logits of the row.
  void take(const RowFindings& other);
};

/// Whether a token can only be drawn when a filter has seen all logits.
bool draws_filtered(const SamplingRow& sampling);

/// Whether what is asked can only be answered when all logits are there.
bool needs_all_logits(const SamplingRow& sampling);

/// Draws from what the filters keep: drop the banned token, keep the top_k best and what ties with the last of them,
/// keep the smallest leading set of those that holds top_p of their probability (at least one; the lowest ids on ties),
/// keep what is at least min_p times as probable as the best (Nguyen et al. 2024, "Turning up the heat"). Probabilities
/// are those at the temperature, or before it with FilterOrder::kOriginal.
DrawnToken draw(std::span<const float> logits, const RowMoments& moments, const SamplingRow& sampling,
                const BestToken& best);

/// What only all logits can say, added to the prediction of the row where it is asked for: the best tokens, and the
/// scored token in the distribution that draws are taken from.
void add_from_all_logits(std::span<const float> logits, const RowMoments& moments, const SamplingRow& sampling,
                         Prediction& prediction);

/// What was found out, as a prediction; none where no token is allowed.
Prediction make_prediction(std::int64_t vocab_size, const RowMoments& moments, const SamplingRow& sampling,
                           const RowFindings& findings);

/// The log-probabilities and alternatives of a prediction as the moments of `logits` have them, whatever logits the
/// prediction was made from.
void report_log_probs(std::span<const float> logits, const RowMoments& moments, const SamplingRow& sampling,
                      Prediction& prediction);

/// The logits that the row's tokens are chosen by.
std::vector<float> adjusted(std::span<const float> logits, std::span<const LogitAdjustment> adjustments);

/// What a row with adjustments says, where predict(logits, sampling) reads one without them; `moments` are those of the
/// raw logits.
template <class Predict>
Prediction predict_adjusted(std::span<const float> logits, const RowMoments& moments, const SamplingRow& sampling,
                            const Predict& predict) {
  SamplingRow rest = sampling;
  rest.adjustments.clear();
  rest.num_alternatives = 0;
  Prediction prediction = predict(adjusted(logits, sampling.adjustments), rest);
  report_log_probs(logits, moments, sampling, prediction);
  return prediction;
}

/// All of it, one logit after the other.
Prediction predict_row(std::span<const float> logits, const SamplingRow& sampling);

}  // namespace wedlm
