// What is asked of one row of a forward and what it answers. The hardware below computes these words and the algorithm
// above reads them; neither knows the other, so the words live in the room that both may enter.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "wedlm/base/token_id.h"

namespace wedlm {

/// The most alternatives that a row can be asked for.
inline constexpr int kMaxAlternatives = 20;

struct TokenLogProb {
  TokenId token = kNoToken;
  float log_prob = 0;
};

/// How one row of a batch is to be turned into a token.
struct SamplingRow {
  float temperature = 0;   // 0: the best token; otherwise logits are divided by it after the filters
  std::int32_t top_k = 0;  // keep the k best; 0 keeps all
  float top_p = 1;         // then keep the smallest set whose probability reaches it, in (0, 1]
  std::uint64_t seed = 0;  // noise belongs to (seed, position, token) and to nothing else
  std::int64_t position = 0;
  TokenId banned = kNoToken;          // never chosen, though it counts in the entropy: the mask token
  TokenId scored = kNoToken;          // its probability is wanted too: a guess that this row is to verify ...
  bool wants_drawn = false;           // ... and the one with which a draw would take it
  std::int32_t num_alternatives = 0;  // so many of the best tokens are wanted, 0 to kMaxAlternatives
};

/// What a row says: natural logarithms, taken from the raw logits before temperature and filters but for `drawn_...`.
struct Prediction {
  TokenId best = kNoToken;     // largest logit but for the banned token, the lowest id on ties
  TokenId sampled = kNoToken;  // equals `best` at temperature 0
  float entropy = 0;           // nats
  float best_log_prob = 0;
  float sampled_log_prob = 0;
  float scored_log_prob = 0;  // of SamplingRow::scored, where there is one

  // Of the distribution that draws are taken from: the tokens that the filters keep, at the row's temperature; at
  // temperature 0, where a draw has no choice, at temperature 1. Where SamplingRow::wants_drawn.
  float drawn_log_prob = 0;  // of SamplingRow::scored; minus infinity where the filters drop it
  float drawn_entropy = 0;   // nats

  std::int32_t num_alternatives = 0;                         // as many as were asked for, or as there are
  std::array<TokenLogProb, kMaxAlternatives> best_tokens{};  // [num_alternatives], best first, but for the banned token

  std::span<const TokenLogProb> alternatives() const {
    return std::span(best_tokens).first(static_cast<std::size_t>(num_alternatives));
  }
};

}  // namespace wedlm
