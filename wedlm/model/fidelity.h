// How far the predictions of one set of weights are from those of another, over a text that both read: what it costs to
// keep weights in a smaller format.
#pragma once

#include <cstdint>
#include <span>

#include "wedlm/model/transformer.h"

namespace wedlm {

struct Fidelity {
  std::int64_t num_positions = 0;
  double agreement = 0;        // share of positions at which both find the same token most likely
  double kl_divergence = 0;    // of the tested predictions from the true ones, in nats, the mean over positions
  double true_perplexity = 0;  // of the text
  double tested_perplexity = 0;
};

/// Compares the next token's distribution after every token of the text but the last of each piece. The text is read
/// in pieces of `piece_length` tokens, each from its own beginning, and what comes next is always the text's own token.
/// Throws InvalidInput for a text of fewer than two tokens, InternalError for models of two vocabularies.
Fidelity compare_predictions(const Transformer& truth, const Transformer& tested, std::span<const TokenId> text,
                             std::int64_t piece_length);

}  // namespace wedlm
