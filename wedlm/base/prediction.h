// What is asked of one row of a forward and what it answers. The hardware below computes these words and the algorithm
// above reads them; neither knows the other, so the words live in the room that both may enter.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "wedlm/base/named.h"
#include "wedlm/base/number_range.h"
#include "wedlm/base/token_id.h"

namespace wedlm {

inline constexpr NumberRange kTemperatureRange = NumberRange::from_to(0, 100);

/// Whether the filters see probabilities at the row's temperature or before it.
enum class FilterOrder : std::uint8_t {
  kTemperatureFirst,  // as transformers, vLLM and OpenAI
  kOriginal,          // the filters first, as the original WeDLM engine
};
inline constexpr std::array kFilterOrders = {Named{FilterOrder::kTemperatureFirst, "temperature-first"},
                                             Named{FilterOrder::kOriginal, "original"}};

/// Which tokens a draw may choose: each filter keeps a part of what those before it have kept. As it stands here it
/// keeps all.
struct TokenFilters {
  std::int32_t top_k = 0;  // the k best, and what ties with the last of them; 0 keeps all
  float top_p = 1;         // the smallest set whose share of the probability reaches it, in (0, 1]
  float min_p = 0;         // those that are at least min_p times as probable as the best, in [0, 1]
  FilterOrder order = FilterOrder::kTemperatureFirst;

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

/// What is done to a token's logit before anything is chosen by it, in this order (that of transformers and vLLM).
struct LogitAdjustment {
  TokenId token = kNoToken;
  float bias = 0;     // is added; minus infinity: the token is not chosen while there is another
  float divisor = 1;  // above 0: a logit above 0 is divided by it, any other multiplied
  float penalty = 0;  // is subtracted

  bool operator==(const LogitAdjustment&) const = default;
};

inline constexpr NumberRange kLogitBiasRange = NumberRange::from_to(-100, 100);
inline constexpr NumberRange kRepetitionPenaltyRange = NumberRange::above_up_to(0, 100);
inline constexpr NumberRange kCountPenaltyRange = NumberRange::from_to(-2, 2);

/// How one row of a batch is to be turned into a token.
struct SamplingRow {
  std::vector<LogitAdjustment> adjustments{};  // of tokens inside the vocabulary, by ascending token, each once
  float temperature = 0;                       // 0: the best token; otherwise logits are divided by it
  TokenFilters filters;
  std::uint64_t seed = 0;  // noise belongs to (seed, position, token) and to nothing else
  std::int64_t position = 0;
  TokenId banned = kNoToken;          // never chosen, though it counts in the entropy: the mask token
  TokenId scored = kNoToken;          // its probability is wanted too: a guess that this row is to verify ...
  bool wants_drawn = false;           // ... and the one with which a draw would take it
  std::int32_t num_alternatives = 0;  // so many of the best tokens are wanted, 0 to kMaxAlternatives
};

/// What a row says, in natural logarithms. What decoding goes by is taken from the adjusted logits, what is reported
/// from the raw ones, as vLLM and OpenAI report; where nothing is adjusted they are the same.
struct Prediction {
  // Of the adjusted logits, before temperature and filters.
  TokenId best = kNoToken;      // largest logit but for the banned token, the lowest id on ties
  TokenId sampled = kNoToken;   // equals `best` at temperature 0
  float entropy = 0;            // nats
  float sampled_certainty = 0;  // the logarithm of the probability of `sampled`

  // Of the distribution that draws are taken from: the adjusted logits at the row's temperature, and the tokens that
  // the filters keep; at temperature 0, where a draw has no choice, at temperature 1. Where SamplingRow::wants_drawn.
  float drawn_log_prob = 0;  // of SamplingRow::scored; minus infinity where the filters drop it
  float drawn_entropy = 0;   // nats

  // Of the raw logits, before adjustments, temperature and filters.
  float best_log_prob = 0;
  float sampled_log_prob = 0;
  float scored_log_prob = 0;                                 // of SamplingRow::scored, where there is one
  std::int32_t num_alternatives = 0;                         // as many as were asked for, or as there are
  std::array<TokenLogProb, kMaxAlternatives> best_tokens{};  // [num_alternatives], best first, but for the banned token

  std::span<const TokenLogProb> alternatives() const {
    return std::span(best_tokens).first(static_cast<std::size_t>(num_alternatives));
  }
};

}  // namespace wedlm
