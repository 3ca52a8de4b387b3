// A tokenizer as the tables that other programs' files have it in: texts, kinds and merges, in the alphabet of its
// files. For writing such files; encoding and decoding are tokenizer.h's.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "wedlm/base/token_id.h"

namespace wedlm {

enum class TokenKind {
  kUnused,   // no token has this id
  kText,     // of the vocabulary
  kAdded,    // found in the text itself
  kSpecial,  // likewise, and markup
};

struct TokenizerTables {
  std::vector<std::string> texts{};   // [ids]: in the byte-level alphabet, or the content of an added token
  std::vector<TokenKind> kinds{};     // [ids]
  std::vector<std::string> merges{};  // "left right", in order of rank
  std::optional<TokenId> begin{};     // added before a whole text
  std::optional<TokenId> bos{};
  std::optional<TokenId> eos{};
  std::optional<TokenId> pad{};
  std::optional<TokenId> mask{};
};

/// Those of a folder that has a tokenizer (Tokenizer::is_in()). Throws InvalidInput as Tokenizer::load(), and for what
/// such tables cannot say: words that are cut by another expression than Qwen's, and a vocabulary that needs no merges.
TokenizerTables load_tokenizer_tables(const std::filesystem::path& folder);

}  // namespace wedlm
