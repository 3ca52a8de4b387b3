// Which bytes each token id stands for, and back. It knows neither merges nor added tokens.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wedlm/base/token_id.h"

namespace wedlm {

class Vocabulary {
 public:
  /// A token as its file has it; the bytes are what decoding it gives.
  struct Entry {
    TokenId id = kNoToken;
    std::string bytes;
    bool spells_bytes = true;  // false: no text leads to this token (it has no spelling in the byte-level alphabet)
  };

  Vocabulary() = default;
  /// Throws InvalidInput for an id that is negative or past kMaxTokenId, or that stands twice.
  explicit Vocabulary(const std::vector<Entry>& entries);

  /// The token that is exactly these bytes.
  std::optional<TokenId> find(std::string_view bytes) const;

  /// The bytes of a token; nothing for an id that no token has.
  std::string_view bytes(TokenId id) const;
  bool contains(TokenId id) const;

  std::size_t num_ids() const { return spans_.size(); }  // the largest id and one
  std::size_t longest_token_bytes() const { return longest_token_bytes_; }

 private:
  struct Span {
    std::uint32_t begin = 0;
    std::uint32_t length = kAbsent;
  };
  static constexpr std::uint32_t kAbsent = 0xFFFFFFFF;

  void index(TokenId id);

  std::string text_;            // the bytes of all tokens, one after the other
  std::vector<Span> spans_;     // [num_ids]
  std::vector<TokenId> slots_;  // open addressing; a power of two; kNoToken is empty
  std::size_t longest_token_bytes_ = 0;
};

/// Files may name ids up to here; what a table by id costs is bounded by it.
inline constexpr TokenId kMaxTokenId = (1 << 21) - 1;

}  // namespace wedlm
