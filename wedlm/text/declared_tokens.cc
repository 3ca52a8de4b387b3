// The tokens that the files beside a tokenizer declare, with their ids: tokenizer_config.json, special_tokens_map.json
// and added_tokens.json, as transformers 5 adds them (TokenizersBackend.__init__). An id that a file gives is kept, and
// has to agree with what other files say; transformers would silently give the token another one.
#include <algorithm>
#include <charconv>

#include "wedlm/base/quote.h"
#include "wedlm/text/special_names.h"
#include "wedlm/text/tokenizer_definition.h"

namespace wedlm {
namespace {

TokenId id_of_key(const std::string& key) {
  std::int64_t id = -1;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), id);
  if (error != std::errc() || end != key.data() + key.size()) {
    throw InvalidInput(quote(key) + " is not a token id");
  }
  return parse_token_id(id, key);
}

/// The added token with this id and content; nullptr where there is neither. Throws where another token has the id, or
/// the content has another id.
AddedToken* find_agreeing(const AddedToken& token, TokenizerDefinition& definition) {
  const auto check = [&](TokenId id, std::string_view content) {
    if ((id == token.id) == (content == token.content)) return;
    throw InvalidInput("token " + quote(token.content) + " has id " + std::to_string(token.id) + "; expected what " +
                       definition.source + " says, where " + quote(content) + " has id " + std::to_string(id));
  };
  for (AddedToken& known : definition.added_tokens) {
    check(known.id, known.content);
    if (known.id == token.id) return &known;
  }
  for (const auto& [text, id] : definition.vocabulary) check(id, text);
  return nullptr;
}

/// added_tokens_decoder, from ids to descriptions, which count more than those of tokenizer.json.
void add_decoder(const Json& decoder, TokenizerDefinition& definition) {
  for (const JsonMember& member : decoder.as_object()) {
    naming(quote(member.key), [&] {
      const AddedToken token = parse_added_token(member.value, id_of_key(member.key));
      if (AddedToken* known = find_agreeing(token, definition)) {
        *known = token;
      } else {
        definition.added_tokens.push_back(token);
      }
    });
  }
}

/// added_tokens.json, from contents to ids. Beside an added_tokens_decoder it adds nothing, and has to say the same.
void add_added_tokens(const Json& added, const SpecialNames& names, bool has_decoder, TokenizerDefinition& definition) {
  for (const JsonMember& member : added.as_object()) {
    AddedToken token{.id = parse_token_id(member.value.as_integer(), member.key), .content = member.key};
    token.special = names.has(token.content) || is_qwen2_special(token.content);
    token.normalized = !token.special;
    if (find_agreeing(token, definition) == nullptr && !has_decoder) definition.added_tokens.push_back(token);
  }
}

/// The id that tokenizers gives a token which is in no list: that of the vocabulary, else the next one.
TokenId id_for(const std::string& content, const TokenizerDefinition& definition) {
  auto next = static_cast<TokenId>(definition.vocabulary.size());
  for (const auto& [text, id] : definition.vocabulary) {
    if (text == content) return id;
  }
  for (const AddedToken& token : definition.added_tokens) next = std::max(next, token.id + 1);
  return next;
}

/// A token without a description is found in the raw text as it stands; with Qwen2Tokenizer so is any other.
void add_special(AddedToken token, bool is_qwen2, TokenizerDefinition& definition) {
  if (token.content.empty()) return;
  if (is_qwen2) token = {.content = token.content, .special = true, .normalized = false};
  const auto known = std::ranges::find(definition.added_tokens, token.content, &AddedToken::content);
  if (known == definition.added_tokens.end()) {
    token.id = id_for(token.content, definition);
    definition.added_tokens.push_back(std::move(token));
  } else if (is_qwen2) {
    token.id = known->id;
    *known = std::move(token);
  }
}

/// Of files without tokenizer.json, which has a post-processor for it.
void add_ends(const Json& config, TokenizerDefinition& definition) {
  const auto id_of = [&](std::string_view flag, const std::string& content) {
    const Json* wanted = config.find(flag);
    const auto token = std::ranges::find(definition.added_tokens, content, &AddedToken::content);
    const bool is_added = wanted != nullptr && !wanted->is_null() && naming(flag, [&] { return wanted->as_bool(); });
    return is_added && token != definition.added_tokens.end() ? token->id : kNoToken;
  };
  const TokenId bos = id_of("add_bos_token", definition.bos_token), eos = id_of("add_eos_token", definition.eos_token);
  if (bos != kNoToken) definition.whole_form.insert(definition.whole_form.begin(), bos);
  if (eos != kNoToken) definition.whole_form.push_back(eos);
}

}  // namespace

void add_declared_tokens(const std::filesystem::path& folder, const std::optional<Json>& config,
                         TokenizerDefinition& definition) {
  const SpecialNames names = read_special_names(folder, config);
  const Json* decoder = config ? config->find("added_tokens_decoder") : nullptr;
  const bool has_decoder = decoder != nullptr && !decoder->is_null();
  if (has_decoder) {
    naming((folder / "tokenizer_config.json").string() + ": added_tokens_decoder",
           [&] { add_decoder(*decoder, definition); });
  }
  const std::filesystem::path added_path = folder / "added_tokens.json";
  if (const std::optional<Json> added = read_json_file(added_path)) {
    naming(added_path.string(), [&] { add_added_tokens(*added, names, has_decoder, definition); });
  }
  const bool is_qwen2 = is_qwen2_class(config);
  for (const auto& [name, token] : names.named) add_special(token, is_qwen2, definition);
  for (AddedToken& token : definition.added_tokens) token.special |= names.is_named(token.content);
  for (const AddedToken& token : names.extra) add_special(token, is_qwen2, definition);
  definition.bos_token = names.content("bos_token");
  definition.eos_token = names.content("eos_token");
  definition.pad_token = names.content("pad_token");
  definition.mask_token = names.content("mask_token");
  if (config && definition.is_of_old_files) {
    naming((folder / "tokenizer_config.json").string(), [&] { add_ends(*config, definition); });
  }
}

}  // namespace wedlm
