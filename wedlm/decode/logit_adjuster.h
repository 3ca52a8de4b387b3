// What a request asks to be done to logits before anything is chosen by them, and what that comes to for one row: by
// the tokens that the row sees, which are the known ones and the guesses before it in its segment. A next-token row
// that verifies a draft so has the adjustments of autoregressive decoding. A mask has the penalties of all guesses, on
// both its sides, and bans the runs of tokens that it would end; what other masks say in the same forward it cannot
// know.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "wedlm/base/prediction.h"
#include "wedlm/base/token_id.h"

namespace wedlm {

/// In the order in which they are done; as it stands here nothing is.
struct AdjustmentRules {
  std::map<TokenId, float> logit_bias;   // added, -100 to 100
  std::vector<TokenId> suppress_tokens;  // never chosen while there is another
  /// Tokens that would repeat so many in a row, of prompt and answer, are not chosen; 0: all may.
  std::int32_t no_repeat_ngram_size = 0;
  float repetition_penalty = 1;  // divides the logits, or multiplies those below 0, of what prompt or answer has; > 0
  float frequency_penalty = 0;   // is subtracted for each time that the answer has the token, -2 to 2
  float presence_penalty = 0;    // is subtracted where the answer has the token, -2 to 2

  bool look_at_text() const {
    return no_repeat_ngram_size > 0 || repetition_penalty != 1 || frequency_penalty != 0 || presence_penalty != 0;
  }
  bool operator==(const AdjustmentRules&) const = default;
};

/// A guess that a row sees, so many positions after the known tokens.
struct SeenGuess {
  TokenId token = kNoToken;
  std::int32_t offset = 0;
};

/// Follows the text of one sequence.
class LogitAdjuster {
 public:
  LogitAdjuster(const AdjustmentRules& rules, std::span<const TokenId> prompt);

  /// A token of the answer became known.
  void add(TokenId token);

  /// For a row that predicts the token `offset` positions after the known ones, which are the prompt and what was
  /// added. Empty where nothing is to be done.
  std::vector<LogitAdjustment> of_row(std::span<const TokenId> known, std::span<const SeenGuess> guesses,
                                      std::int32_t offset) const;

 private:
  /// What is known of a token that is adjusted or that the text has.
  struct Entry {
    TokenId token = kNoToken;
    float bias = 0;
    bool is_in_text = false;
    std::int32_t count = 0;  // in the answer
  };
  using Entries = std::vector<Entry>;  // by ascending token

  /// That of the token, which is made where there is none.
  static Entry& entry_of(TokenId token, Entries& entries);
  /// Bans what would end a run of tokens that is there already.
  void ban_repeats(std::span<const TokenId> known, std::span<const SeenGuess> guesses, std::int32_t offset,
                   Entries& entries) const;
  /// What the entries come to, but for those that come to nothing.
  std::vector<LogitAdjustment> listed(const Entries& entries) const;

  AdjustmentRules rules_;
  Entries entries_;
};

}  // namespace wedlm
