// Tokens that are found in the text itself, before it is cut into words: chat markers and the like. It knows where they
// stand and what to do with the space around them, as Hugging Face's "added_tokens" say it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wedlm/base/token_id.h"

namespace wedlm {

struct AddedToken {
  TokenId id = kNoToken;
  std::string content;
  bool special = false;      // markup rather than text: not shown, and not parsed from a user's words
  bool single_word = false;  // not next to a word character
  bool lstrip = false;       // takes the white space before it along
  bool rstrip = false;       // and after it
  bool normalized = true;    // looked for in the normalised text rather than in the raw one
};

/// Longest content of an added token; it bounds the time that looking for one takes at each position.
inline constexpr std::size_t kMaxAddedTokenBytes = 1024;

/// Finds the tokens of one list, the leftmost and there the longest.
class AddedTokenFinder {
 public:
  AddedTokenFinder();

  /// `content` is not empty and at most kMaxAddedTokenBytes long; of two equal contents the first one stays.
  void add(const AddedToken& token, std::string_view content);
  bool empty() const { return tokens_.empty(); }

  enum class Specials { kFind, kPassOver };
  /// A run of text and the token after it; kNoToken at the end of the text.
  struct Piece {
    std::string_view text;
    TokenId token = kNoToken;
  };
  /// Takes the next piece off the front of `text`, which begins at `*position` and ends up after the token.
  Piece next(std::string_view text, std::size_t* position, Specials specials) const;

 private:
  struct Node {
    std::vector<std::pair<unsigned char, std::uint32_t>> children;
    std::int32_t token = -1;  // an index into tokens_
  };
  struct Found {
    std::size_t end = 0;
    const AddedToken* token = nullptr;
  };

  Found longest_at(std::string_view text, std::size_t begin) const;
  std::uint32_t child(std::uint32_t node, char c) const;

  std::vector<AddedToken> tokens_;
  std::vector<Node> nodes_;            // a trie; 0 is the root and also means "no child"
  std::array<bool, 256> can_begin_{};  // the first bytes of all contents
};

}  // namespace wedlm
