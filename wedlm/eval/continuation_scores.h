// How likely a model finds given texts after a prompt: what choices of an examination are compared by. The prompt is
// computed once.
#pragma once

#include <vector>

#include "wedlm/engine/loaded_model.h"

namespace wedlm {

struct ContinuationScore {
  std::vector<float> log_probs;  // natural, of each token after the prompt and the tokens before it
  bool is_greedy = true;         // each of them is the likeliest token there
};

/// One score for each continuation, which has at least one token. Log-probabilities are raw: nothing is adjusted, and
/// there is no temperature. Throws InvalidInput for an empty text, for one that with the prompt is longer than the
/// model's context, and for ids outside the vocabulary.
std::vector<ContinuationScore> score_continuations(const LoadedModel& model, const std::vector<TokenId>& prompt,
                                                   const std::vector<std::vector<TokenId>>& continuations);

}  // namespace wedlm
