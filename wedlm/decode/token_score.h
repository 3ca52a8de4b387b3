// What is known about a token that became text: how likely the row that decided about it found it, and what the row
// would have said instead. Raw probabilities, before adjustments, temperature and filters.
#pragma once

#include <vector>

#include "wedlm/base/prediction.h"

namespace wedlm {

struct TokenScore {
  float log_prob = 0;                      // natural
  std::vector<TokenLogProb> alternatives;  // the row's best tokens, best first, as many as were asked for; the token
                                           // itself is one of them or has its probability above alone
};

/// Of a token to which the row gives this log-probability.
inline TokenScore score_of(const Prediction& prediction, float log_prob) {
  const auto alternatives = prediction.alternatives();
  return {.log_prob = log_prob, .alternatives = {alternatives.begin(), alternatives.end()}};
}

}  // namespace wedlm
