// Byte-level BPE tokenizers as the Qwen family has them: text to token ids and back. It reads Hugging Face's
// tokenizer.json, or vocab.json with merges.txt. It knows nothing of chats; the chat template renders those to text.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wedlm/base/json.h"
#include "wedlm/base/token_id.h"

namespace wedlm {

struct TokenizerDefinition;

/// What encode() does with the content of a special token (`<|im_end|>`) that stands in the text.
enum class SpecialTokens {
  kParse,   // it is that token: for text that a chat template wrote
  kAsText,  // it is text like any other: for text that came from outside
};

/// Whether decoding shows special tokens.
enum class SpecialOutput { kSkip, kShow };

/// Immutable and cheap to copy; all functions may be called from several threads.
class Tokenizer {
 public:
  /// Reads the tokenizer of a checkpoint's folder: tokenizer.json, else vocab.json and merges.txt. More tokens, and the
  /// names of special ones, come from tokenizer_config.json, special_tokens_map.json and added_tokens.json. Throws
  /// InvalidInput naming the file for one that is malformed, contradicts another or asks for what is not supported
  /// here, and for a folder that has none of the first.
  static Tokenizer load(const std::filesystem::path& folder);

  /// Whether the folder has any of the files that load() begins with.
  static bool is_in(const std::filesystem::path& folder);

  /// From the value of a tokenizer.json; `what` names it in messages. Throws InvalidInput.
  static Tokenizer from_json(const Json& json, std::string_view what);

  /// Ill-formed UTF-8 is replaced by U+FFFD first. No token is added at the ends.
  std::vector<TokenId> encode(std::string_view text, SpecialTokens specials = SpecialTokens::kParse) const;

  /// The same with the tokens that the tokenizer adds around a whole text, as Hugging Face's add_special_tokens=True:
  /// for text that stands alone, and not for what a chat template wrote, which has such tokens itself.
  std::vector<TokenId> encode_whole(std::string_view text) const;

  /// Always well-formed UTF-8: bytes that are not become U+FFFD. Ids without a token decode to nothing.
  std::string decode(std::span<const TokenId> ids, SpecialOutput specials = SpecialOutput::kSkip) const;

  /// The bytes of one token, which may be a part of a character; the content of an added token; empty for an id without
  /// a token.
  std::string_view token_bytes(TokenId id) const;

  bool is_special(TokenId id) const;

  /// The token that is exactly this text: an added token, else one of the vocabulary.
  std::optional<TokenId> find(std::string_view token_text) const;

  /// The largest id and one. A model's embedding may have more rows.
  std::size_t vocab_size() const;

  /// The contents that the folder's files name; empty where they name none.
  const std::string& bos_token() const;
  const std::string& eos_token() const;
  const std::string& pad_token() const;
  const std::string& mask_token() const;

 private:
  class Impl;
  explicit Tokenizer(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  static Tokenizer build(const TokenizerDefinition& definition);

  std::shared_ptr<const Impl> impl_;
};

}  // namespace wedlm
