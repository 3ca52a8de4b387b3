// Byte-pair encoding of one word (Sennrich et al. 2016, over bytes): the symbols of a word are merged, the pair of the
// lowest rank first and the leftmost of equals, until no pair has a rank. It does not know where words begin and end.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "wedlm/text/vocabulary.h"

namespace wedlm {

class BpeModel {
 public:
  /// What a pair of tokens becomes; a lower rank is merged first.
  struct Merge {
    TokenId left = kNoToken;
    TokenId right = kNoToken;
    TokenId merged = kNoToken;
  };
  enum class WholeWords {
    kByMerges,  // a word is a token only where merging its bytes arrives there
    kFirst,     // a word that the vocabulary has is that token ("ignore_merges")
  };

  BpeModel() = default;
  /// `merges` in order of rank. `vocabulary` must outlive the model. Throws InvalidInput where the vocabulary lacks one
  /// of the bytes that UTF-8 can have, because there would be texts without tokens.
  BpeModel(const Vocabulary& vocabulary, const std::vector<Merge>& merges, WholeWords whole_words);

  /// Text that spells this token does not become it unless merges lead there: for special tokens.
  void never_whole(TokenId id) { reached_[static_cast<std::size_t>(id)] = kNo; }

  /// Appends the tokens of one word, in time n log n. Safe to call from several threads.
  void encode(std::string_view word, std::vector<TokenId>* ids) const;

 private:
  struct Rule {
    std::uint64_t pair = kNoPair;
    std::uint32_t rank = 0;
    TokenId merged = kNoToken;
  };
  static constexpr std::uint64_t kNoPair = ~std::uint64_t{0};
  enum Reached : unsigned char { kUnknown, kYes, kNo };

  static std::uint64_t pair_of(TokenId left, TokenId right) {
    return std::uint64_t{static_cast<std::uint32_t>(left)} << 32 | static_cast<std::uint32_t>(right);
  }
  const Rule* find_rule(TokenId left, TokenId right) const;
  void add_rule(std::uint32_t rank, const Merge& merge);
  void merge_word(std::string_view word, std::vector<TokenId>* ids) const;
  void merge_short_word(std::string_view word, std::vector<TokenId>* ids) const;
  void merge_long_word(std::string_view word, std::vector<TokenId>* ids) const;

  const Vocabulary* vocabulary_ = nullptr;
  WholeWords whole_words_ = WholeWords::kByMerges;
  std::vector<TokenId> byte_ids_;  // [256]
  std::vector<Rule> rules_;        // open addressing; a power of two
  int rule_shift_ = 63;
  // Whether merging a token's own bytes arrives at that token: found out when first asked. It is a cache that needs no
  // lock, since every thread computes the same answer, and no bound, since it has one byte a token.
  std::unique_ptr<std::atomic<unsigned char>[]> reached_;
};

}  // namespace wedlm
