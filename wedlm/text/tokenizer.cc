#include "wedlm/text/tokenizer.h"

#include <unordered_map>

#include "wedlm/base/presence.h"
#include "wedlm/base/quote.h"
#include "wedlm/text/added_tokens.h"
#include "wedlm/text/bpe.h"
#include "wedlm/text/byte_level.h"
#include "wedlm/text/normalizer.h"
#include "wedlm/text/pre_tokenizer.h"
#include "wedlm/text/tokenizer_definition.h"
#include "wedlm/text/unicode.h"
#include "wedlm/text/vocabulary.h"

namespace wedlm {
namespace {

using AddedById = std::unordered_map<TokenId, const AddedToken*>;

AddedById added_by_id(const std::vector<AddedToken>& tokens) {
  AddedById by_id;
  for (const AddedToken& token : tokens) {
    if (token.content.empty()) throw InvalidInput("added token " + std::to_string(token.id) + " has no content");
    if (token.content.size() > kMaxAddedTokenBytes) {
      throw InvalidInput("added token " + std::to_string(token.id) + " is " + std::to_string(token.content.size()) +
                         " bytes long; expected at most " + std::to_string(kMaxAddedTokenBytes));
    }
    if (!by_id.emplace(token.id, &token).second) {
      throw InvalidInput("two added tokens have id " + std::to_string(token.id));
    }
  }
  return by_id;
}

/// The vocabulary's tokens and the added ones. An added token may also be in the vocabulary, at the same id; then it
/// still stands for the bytes that the vocabulary spells, of which other text is made too: "é" is how byte E9 is
/// spelled.
Vocabulary make_vocabulary(const TokenizerDefinition& definition) {
  AddedById added = added_by_id(definition.added_tokens);
  std::vector<Vocabulary::Entry> entries;
  entries.reserve(definition.vocabulary.size() + added.size());
  for (const auto& [text, id] : definition.vocabulary) {
    const std::optional<std::string> bytes = bytes_of_byte_level(text);
    if (const auto both = added.find(id); both != added.end()) {
      if (both->second->content != text) {
        throw InvalidInput("token id " + std::to_string(id) + " is " + quote(text) + " in the vocabulary and " +
                           quote(both->second->content) + " among the added tokens");
      }
      added.erase(both);
    }
    entries.push_back({id, bytes.value_or(text), bytes.has_value()});
  }
  for (const auto& [id, token] : added) entries.push_back({id, token->content, false});
  Vocabulary vocabulary(entries);
  for (const auto& [id, token] : added) {
    const std::optional<std::string> bytes = bytes_of_byte_level(token->content);
    if (const std::optional<TokenId> other = bytes ? vocabulary.find(*bytes) : std::nullopt) {
      throw InvalidInput("token " + quote(token->content) + " has id " + std::to_string(*other) +
                         " in the vocabulary and id " + std::to_string(id) + " among the added tokens");
    }
  }
  return vocabulary;
}

std::vector<BpeModel::Merge> make_merges(const TokenizerDefinition& definition, const Vocabulary& vocabulary) {
  std::vector<BpeModel::Merge> merges;
  merges.reserve(definition.merges.size());
  for (const auto& merge : definition.merges) {
    const auto find = [&](std::string_view text) {
      const std::optional<std::string> bytes = bytes_of_byte_level(text);
      const std::optional<TokenId> id = bytes ? vocabulary.find(*bytes) : std::nullopt;
      if (id.has_value()) return *id;
      throw InvalidInput("merge " + quote(merge.first + " " + merge.second) + " needs token " + quote(text) +
                         ", which is not in the vocabulary");
    };
    merges.push_back({find(merge.first), find(merge.second), find(merge.first + merge.second)});
  }
  return merges;
}

}  // namespace

class Tokenizer::Impl {
 public:
  explicit Impl(const TokenizerDefinition& definition)
      : vocabulary(make_vocabulary(definition)),
        bpe(vocabulary, make_merges(definition, vocabulary),
            definition.ignores_merges ? BpeModel::WholeWords::kFirst : BpeModel::WholeWords::kByMerges),
        pre_tokenizer(definition.steps),
        whole_form(definition.whole_form),
        normalizes_to_nfc(definition.normalizes_to_nfc),
        is_special(vocabulary.num_ids()),
        bos_token(definition.bos_token),
        eos_token(definition.eos_token),
        pad_token(definition.pad_token),
        mask_token(definition.mask_token) {
    for (const AddedToken& token : definition.added_tokens) {
      if (!added_ids.emplace(token.content, token.id).second) {
        throw InvalidInput("added token " + quote(token.content) + " stands twice");
      }
      if (token.normalized) {
        normalized_tokens.add(token, normalizes_to_nfc ? to_nfc(token.content) : token.content);
      } else {
        raw_tokens.add(token, token.content);
      }
      if (!token.special) continue;
      is_special[static_cast<std::size_t>(token.id)] = true;
      bpe.never_whole(token.id);
    }
  }

  /// Text between the added tokens that are looked for in the raw text.
  void encode_run(std::string_view text, AddedTokenFinder::Specials specials, std::vector<TokenId>* ids) const {
    std::string composed;
    if (normalizes_to_nfc && !is_surely_nfc(text)) {
      composed = to_nfc(text);
      text = composed;
    }
    const PreTokenizer::Emit encode_word = [&](std::string_view word) { bpe.encode(word, ids); };
    for (std::size_t position = 0; position < text.size();) {
      const AddedTokenFinder::Piece piece = normalized_tokens.next(text, &position, specials);
      pre_tokenizer.split(piece.text, encode_word);
      if (piece.token != kNoToken) ids->push_back(piece.token);
    }
  }

  Vocabulary vocabulary;
  BpeModel bpe;
  PreTokenizer pre_tokenizer;
  AddedTokenFinder raw_tokens;
  AddedTokenFinder normalized_tokens;
  WholeForm whole_form;
  bool normalizes_to_nfc;
  std::vector<bool> is_special;  // [vocab_size]
  std::unordered_map<std::string, TokenId> added_ids;
  std::string bos_token;
  std::string eos_token;
  std::string pad_token;
  std::string mask_token;
};

Tokenizer Tokenizer::build(const TokenizerDefinition& definition) {
  return Tokenizer(std::make_shared<const Impl>(definition));
}

Tokenizer Tokenizer::load(const std::filesystem::path& folder) {
  const TokenizerDefinition definition = definition_of_folder(folder);
  return naming(definition.source, [&] { return build(definition); });
}

bool Tokenizer::is_in(const std::filesystem::path& folder) {
  return is_present(folder / "tokenizer.json") || is_present(folder / "vocab.json");
}

Tokenizer Tokenizer::from_json(const Json& json, std::string_view what) {
  return naming(what, [&] { return build(definition_of_json(json)); });
}

std::vector<TokenId> Tokenizer::encode(std::string_view text, SpecialTokens specials) const {
  std::string repaired;
  if (!is_well_formed_utf8(text)) {
    repaired = replace_ill_formed_utf8(text);
    text = repaired;
  }
  const auto added_specials =
      specials == SpecialTokens::kParse ? AddedTokenFinder::Specials::kFind : AddedTokenFinder::Specials::kPassOver;
  std::vector<TokenId> ids;
  ids.reserve(text.size() / 4);
  for (std::size_t position = 0; position < text.size();) {
    const AddedTokenFinder::Piece piece = impl_->raw_tokens.next(text, &position, added_specials);
    impl_->encode_run(piece.text, added_specials, &ids);
    if (piece.token != kNoToken) ids.push_back(piece.token);
  }
  return ids;
}

std::vector<TokenId> Tokenizer::encode_whole(std::string_view text) const {
  return in_whole_form(impl_->whole_form, encode(text));
}

std::string Tokenizer::decode(std::span<const TokenId> ids, SpecialOutput specials) const {
  std::string bytes;
  for (const TokenId id : ids) {
    if (specials == SpecialOutput::kShow || !is_special(id)) bytes += token_bytes(id);
  }
  return is_well_formed_utf8(bytes) ? bytes : replace_ill_formed_utf8(bytes);
}

std::string_view Tokenizer::token_bytes(TokenId id) const {
  return impl_->vocabulary.bytes(id);
}

bool Tokenizer::is_special(TokenId id) const {
  return impl_->vocabulary.contains(id) && impl_->is_special[static_cast<std::size_t>(id)];
}

std::optional<TokenId> Tokenizer::find(std::string_view token_text) const {
  const auto added = impl_->added_ids.find(std::string(token_text));
  return added != impl_->added_ids.end() ? added->second : impl_->vocabulary.find(token_text);
}

std::size_t Tokenizer::vocab_size() const {
  return impl_->vocabulary.num_ids();
}

const std::string& Tokenizer::bos_token() const {
  return impl_->bos_token;
}

const std::string& Tokenizer::eos_token() const {
  return impl_->eos_token;
}

const std::string& Tokenizer::pad_token() const {
  return impl_->pad_token;
}

const std::string& Tokenizer::mask_token() const {
  return impl_->mask_token;
}

}  // namespace wedlm
