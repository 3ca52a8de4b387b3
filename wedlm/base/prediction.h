// What is asked of one row of a forward and what it answers. The hardware below computes these words and the algorithm
// above reads them; neither knows the other, so the words live in the room that both may enter.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>

#include "wedlm/base/number_range.h"
#include "wedlm/base/token_id.h"

namespace wedlm {

inline constexpr NumberRange kTemperatureRange = NumberRange::from_to(0, 100);

/// Which tokens a draw may choose, whatever the temperature: of the raw probabilities, each filter keeps a part of what
/// those before it have kept. As it stands here it keeps all.
struct TokenFilters {
  std::int32_t top_k = 0;  // the k best; 0 keeps all
  float top_p = 1;         // the smallest set whose share of the probability reaches it, in (0, 1]
  float min_p = 0;         // those that are at least min_p times as probable as the best, in [0, 1]

  bool keep_all() const { return top_k == 0 && top_p >= 1 && min_p <= 0; }
  bool operator==(const TokenFilters&) const = default;
};
inline constexpr NumberRange kTopKRange = NumberRange::from_to(0, std::numeric_limits<std::int32_t>::max());
inline constexpr NumberRange kTopPRange = NumberRange::above_up_to(0, 1);
inline constexpr NumberRange kMinPRange = NumberRange::from_to(0, 1);
/// The most alternatives that a row can be asked for.
inline constexpr int kMaxAlternatives = 20;

struct TokenLogProb {
  TokenId token = kNoToken;
  float log_prob = 0;
};

/// How one row of a batch is to be turned into a token.
struct SamplingRow {
  float temperature = 0;  // 0: the best token; otherwise logits are divided by it after the filters
  TokenFilters filters;
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
