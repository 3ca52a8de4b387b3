// Drafts for nothing: where the last tokens occurred before in the prompt or the output, what followed there may follow
// here (Saxena, "Prompt lookup decoding", 2023). It finds the longest such match among the latest few occurrences.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "wedlm/base/token_id.h"

namespace wedlm {

class PromptLookup {
 public:
  struct Continuation {
    int match_length = 0;         // tokens at the end that occurred before; 0: none, or fewer than kMinMatch
    std::vector<TokenId> tokens;  // what followed
  };

  static constexpr int kMinMatch = 3;

  /// What may follow `known` and then `drafts`: at most `max_tokens` tokens. `known` only ever grows between calls.
  Continuation find(std::span<const TokenId> known, std::span<const TokenId> drafts, int max_tokens);

 private:
  void index(std::span<const TokenId> known);

  std::unordered_map<std::uint64_t, std::int64_t> latest_;  // end of the latest occurrence of kMinMatch tokens, by hash
  std::vector<std::int64_t> previous_;                      // end of the occurrence before that one, by end; -1: none
};

}  // namespace wedlm
