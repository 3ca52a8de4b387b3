// The files of a checkpoint's folder that hold its tokenizer: tokenizer.json, or vocab.json with merges.txt as the Qwen
// repositories also have them, and tokenizer_config.json beside either.
#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

#include "wedlm/base/mapped_file.h"
#include "wedlm/base/quote.h"
#include "wedlm/text/tokenizer_definition.h"

namespace wedlm {
namespace {

namespace fs = std::filesystem;

// vocab.json says nothing about normalisation and cutting: this is what Qwen2's tokenizer does.
constexpr std::string_view kQwen2Expression =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

constexpr std::size_t kQwen2VocabularySize = 151'643;
struct Qwen2Token {
  std::string_view content;
  bool special;
};
/// The tokens after Qwen2's vocabulary, in order of their ids.
constexpr Qwen2Token kQwen2Tokens[] = {
    {"<|endoftext|>", true},      {"<|im_start|>", true},     {"<|im_end|>", true},      {"<|object_ref_start|>", true},
    {"<|object_ref_end|>", true}, {"<|box_start|>", true},    {"<|box_end|>", true},     {"<|quad_start|>", true},
    {"<|quad_end|>", true},       {"<|vision_start|>", true}, {"<|vision_end|>", true},  {"<|vision_pad|>", true},
    {"<|image_pad|>", true},      {"<|video_pad|>", true},    {"<tool_call>", false},    {"</tool_call>", false},
    {"<|fim_prefix|>", false},    {"<|fim_middle|>", false},  {"<|fim_suffix|>", false}, {"<|fim_pad|>", false},
    {"<|repo_name|>", false},     {"<|file_sep|>", false},
};

/// The value of a JSON file of the folder; nullopt where the folder has no such file.
std::optional<Json> read_json(const fs::path& path) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return std::nullopt;
  return parse_json(MappedFile(path).text(), path.string());
}

/// A special token's content: tokenizer_config.json has a string there, or the token's whole description.
std::string token_name(const Json& config, std::string_view key) {
  const Json* value = config.find(key);
  if (value == nullptr || value->is_null()) return "";
  return naming(key, [&] { return value->is_object() ? value->at("content").as_string() : value->as_string(); });
}

void read_names(const Json& config, TokenizerDefinition* definition) {
  config.as_object();
  definition->bos_token = token_name(config, "bos_token");
  definition->eos_token = token_name(config, "eos_token");
  definition->pad_token = token_name(config, "pad_token");
}

std::vector<std::pair<std::string, std::string>> read_merges(const fs::path& path) {
  const MappedFile file(path);
  std::vector<std::pair<std::string, std::string>> merges;
  std::string_view rest = file.text();
  for (int line_number = 1; !rest.empty(); ++line_number) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || (line_number == 1 && line.starts_with("#version"))) continue;
    merges.push_back(
        naming(path.string() + ", line " + std::to_string(line_number), [&] { return parse_merge(line); }));
  }
  return merges;
}

TokenId id_of_key(const std::string& key) {
  std::int64_t id = -1;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), id);
  if (error != std::errc() || end != key.data() + key.size()) {
    throw InvalidInput(quote(key) + " is not a token id");
  }
  return parse_token_id(id, key);
}

/// tokenizer_config.json's list, from ids to descriptions.
std::vector<AddedToken> parse_added_tokens_decoder(const Json& json) {
  std::vector<AddedToken> tokens;
  for (const JsonMember& member : json.as_object()) {
    tokens.push_back(naming(quote(member.key), [&] { return parse_added_token(member.value, id_of_key(member.key)); }));
  }
  return tokens;
}

/// The contents that a tokenizer_config.json declares to be special without describing them.
std::vector<std::string> declared_specials(const Json& config) {
  std::vector<std::string> contents;
  for (const std::string_view key : {"bos_token", "eos_token", "pad_token", "unk_token"}) {
    contents.push_back(token_name(config, key));
  }
  if (const Json* more = config.find("additional_special_tokens"); more != nullptr && !more->is_null()) {
    for (const Json& item : more->as_array()) {
      contents.push_back(item.is_object() ? item.at("content").as_string() : item.as_string());
    }
  }
  return contents;
}

/// added_tokens.json, from contents to ids. It does not say which are special: what the config declares, and what is
/// special in Qwen2.
std::vector<AddedToken> parse_added_tokens(const Json& json, const std::vector<std::string>& specials) {
  std::vector<AddedToken> tokens;
  for (const JsonMember& member : json.as_object()) {
    const std::string& content = member.key;
    AddedToken token{.id = parse_token_id(member.value.as_integer(), content), .content = content, .normalized = false};
    token.special = std::find(specials.begin(), specials.end(), content) != specials.end() ||
                    std::any_of(std::begin(kQwen2Tokens), std::end(kQwen2Tokens),
                                [&](const Qwen2Token& known) { return known.special && known.content == content; });
    tokens.push_back(std::move(token));
  }
  return tokens;
}

std::vector<AddedToken> qwen2_tokens() {
  std::vector<AddedToken> tokens;
  auto id = static_cast<TokenId>(kQwen2VocabularySize);
  for (const auto& [content, special] : kQwen2Tokens) {
    tokens.push_back({.id = id++, .content = std::string(content), .special = special, .normalized = false});
  }
  return tokens;
}

std::vector<AddedToken> read_added_tokens(const fs::path& folder, const std::optional<Json>& config,
                                          std::size_t vocabulary_size) {
  const fs::path config_path = folder / "tokenizer_config.json";
  if (config.has_value()) {
    if (const Json* decoder = config->find("added_tokens_decoder"); decoder != nullptr && !decoder->is_null()) {
      return naming(config_path.string() + ": added_tokens_decoder",
                    [&] { return parse_added_tokens_decoder(*decoder); });
    }
  }
  const fs::path added_path = folder / "added_tokens.json";
  if (const std::optional<Json> added = read_json(added_path)) {
    std::vector<std::string> specials;
    if (config.has_value()) specials = naming(config_path.string(), [&] { return declared_specials(*config); });
    return naming(added_path.string(), [&] { return parse_added_tokens(*added, specials); });
  }
  if (!config.has_value() && vocabulary_size == kQwen2VocabularySize) return qwen2_tokens();
  return {};
}

}  // namespace

TokenizerDefinition definition_of_folder(const fs::path& folder) {
  TokenizerDefinition definition;
  const fs::path config_path = folder / "tokenizer_config.json";
  const std::optional<Json> config = read_json(config_path);
  const fs::path json_path = folder / "tokenizer.json";
  const fs::path vocabulary_path = folder / "vocab.json";
  if (const std::optional<Json> json = read_json(json_path)) {
    definition = naming(json_path.string(), [&] { return definition_of_json(*json); });
    definition.source = json_path.string();
  } else if (const std::optional<Json> vocabulary = read_json(vocabulary_path);
             vocabulary.has_value() && fs::exists(folder / "merges.txt")) {
    definition.vocabulary = naming(vocabulary_path.string(), [&] { return parse_vocabulary(*vocabulary); });
    definition.merges = read_merges(folder / "merges.txt");
    definition.added_tokens = read_added_tokens(folder, config, definition.vocabulary.size());
    definition.steps = {{.expression = std::string(kQwen2Expression)}};
    definition.normalizes_to_nfc = true;
    definition.source = vocabulary_path.string() + " with merges.txt";
  } else {
    throw InvalidInput("no tokenizer in " + folder.string() +
                       ": looked for tokenizer.json, and for vocab.json with merges.txt");
  }
  if (config.has_value()) naming(config_path.string(), [&] { read_names(*config, &definition); });
  return definition;
}

}  // namespace wedlm
