// From a row of logits to a prediction: entropy, best token, and a token drawn with top-k, top-p and temperature. The
// result is a function of the logits' bits and of the SamplingRow alone.
//
// A logit of minus infinity or NaN is a token of probability zero. Where every logit is one, the row counts as uniform.
#pragma once

#include <span>

#include "wedlm/base/prediction.h"

namespace wedlm {

/// What one pass over a row finds out; the probability of token v is exp(logits[v] - max) / sum.
struct RowMoments {
  float max = 0;            // of the logits
  double sum = 0;           // of e_v = exp(logits[v] - max)
  double weighted_sum = 0;  // of e_v * (logits[v] - max)
};

RowMoments row_moments(std::span<const float> logits);

/// The filters come before the temperature: drop the banned token, keep the top_k best (the lowest ids on ties), keep
/// the smallest leading set of those that holds top_p of their probability (at least one), and take
/// argmax of logits[v] / temperature + gumbel(seed, position, v) over what is left. `logits` holds at least one token
/// that is not banned.
Prediction predict_row(std::span<const float> logits, const RowMoments& moments, const SamplingRow& sampling);

/// The same, with the moments taken here.
Prediction predict_row(std::span<const float> logits, const SamplingRow& sampling);

}  // namespace wedlm
