// Source: transformers 5, PreTrainedTokenizerBase._from_pretrained and __init__. Where the two files disagree it lets
// one of them win without a word; here that is an error.
#include "wedlm/text/special_names.h"

#include <algorithm>
#include <array>

#include "wedlm/base/mapped_file.h"
#include "wedlm/base/presence.h"
#include "wedlm/base/quote.h"
#include "wedlm/text/tokenizer_definition.h"

namespace wedlm {
namespace {

/// The names that every tokenizer has, in the order in which their tokens are added.
constexpr std::array<std::string_view, 7> kUsualNames = {"bos_token", "eos_token", "unk_token", "sep_token",
                                                         "pad_token", "cls_token", "mask_token"};
constexpr std::string_view kExtra = "extra_special_tokens";            // the name in transformers 5
constexpr std::string_view kAdditional = "additional_special_tokens";  // and before

/// What Qwen2Tokenizer takes where a file does not have the name at all.
constexpr std::array<std::string_view, 3> kQwen2Defaults = {"eos_token", "unk_token", "pad_token"};
constexpr std::string_view kQwen2Default = "<|endoftext|>";

struct File {
  std::string path;
  std::optional<Json> json{};

  const Json* find(std::string_view key) const {
    const Json* value = json ? json->find(key) : nullptr;
    return value == nullptr || value->is_null() ? nullptr : value;
  }
  const Json::Object& members() const {
    static const Json::Object kNone;
    return json ? json->as_object() : kNone;
  }
};

/// A special token stands as its content, or as its whole description.
AddedToken parse_special(const Json& value) {
  if (!value.is_object()) return {.content = value.as_string(), .special = true, .normalized = false};
  AddedToken token = parse_added_token(value, kNoToken);
  token.special = true;
  return token;
}

std::optional<AddedToken> read_token(const File& file, std::string_view name) {
  const Json* value = file.find(name);
  if (value == nullptr) return std::nullopt;
  return naming(file.path + ": " + std::string(name), [&] { return parse_special(*value); });
}

/// A list of tokens; an object under the same key has names for them, which add_own_names() reads.
std::vector<AddedToken> read_list(const File& file, std::string_view key) {
  std::vector<AddedToken> tokens;
  const Json* value = file.find(key);
  if (value == nullptr || value->is_object()) return tokens;
  naming(file.path + ": " + std::string(key), [&] {
    for (const Json& item : value->as_array()) tokens.push_back(parse_special(item));
  });
  return tokens;
}

bool contains(const std::vector<AddedToken>& tokens, std::string_view content) {
  return std::ranges::find(tokens, content, &AddedToken::content) != tokens.end();
}

void add_name(const File& config, const File& map, std::string_view name, SpecialNames& names) {
  const std::optional<AddedToken> first = read_token(config, name), second = read_token(map, name);
  if (first && second && first->content != second->content) {
    throw InvalidInput(map.path + ": " + std::string(name) + ": expected " + quote(first->content) + " as in " +
                       config.path + ", got " + quote(second->content) + "; make them agree, or remove this file");
  }
  if (first || second) names.named.push_back({std::string(name), second ? *second : *first});
}

/// Names of the model's own: any other member "..._token" with a text, and those of an object of extra tokens.
void add_own_names(const File& config, const File& map, SpecialNames& names) {
  const auto is_new = [&](std::string_view name) {
    return std::ranges::find(kUsualNames, name) == kUsualNames.end() && names.content(name).empty();
  };
  for (const File* file : {&config, &map}) {
    for (const JsonMember& member : file->members()) {
      const bool names_a_token =
          member.key.ends_with("_token") && (member.value.is_string() || member.value.is_object());
      if (names_a_token && is_new(member.key)) add_name(config, map, member.key, names);
    }
    const Json* own = file->find(kExtra);
    if (own == nullptr || !own->is_object()) continue;
    for (const JsonMember& member : own->as_object()) {
      const std::string place = file->path + ": " + std::string(kExtra) + ": " + member.key;
      if (is_new(member.key)) {
        names.named.push_back({member.key, naming(place, [&] { return parse_special(member.value); })});
      }
    }
  }
}

/// The lists of both files, of which the older one counts only where it says the same as the newer one.
void add_lists(const File& config, const File& map, SpecialNames& names) {
  names.extra = read_list(config, kExtra);
  for (AddedToken& token : read_list(map, kExtra)) {
    if (!contains(names.extra, token.content)) names.extra.push_back(std::move(token));
  }
  for (const File* file : {&config, &map}) {
    const std::vector<AddedToken> older = read_list(*file, kAdditional);
    if (names.extra.empty()) names.extra = older;
    for (const AddedToken& token : older) {
      if (contains(names.extra, token.content)) continue;
      throw InvalidInput(file->path + ": " + std::string(kAdditional) + ": " + quote(token.content) +
                         " is not in the other list of special tokens beside it (" + std::string(kExtra) +
                         ", or that of " + config.path + "); make them agree");
    }
  }
}

void add_qwen2_defaults(const File& config, const File& map, SpecialNames& names) {
  for (const std::string_view name : kQwen2Defaults) {
    const bool is_named = config.json->find(name) != nullptr || (map.json && map.json->find(name) != nullptr);
    if (!is_named) names.named.push_back({std::string(name), parse_special(kQwen2Default)});
  }
  const auto place = [](const SpecialNames::Named& it) { return std::ranges::find(kUsualNames, it.name); };
  std::ranges::stable_sort(names.named, {}, place);
}

}  // namespace

std::string SpecialNames::content(std::string_view name) const {
  const auto found = std::ranges::find(named, name, &Named::name);
  return found == named.end() ? "" : found->token.content;
}

bool SpecialNames::is_named(std::string_view content) const {
  return std::ranges::any_of(named, [&](const Named& it) { return it.token.content == content; });
}

bool SpecialNames::has(std::string_view content) const {
  return is_named(content) || contains(extra, content);
}

std::optional<Json> read_json_file(const std::filesystem::path& path) {
  if (!is_present(path)) return std::nullopt;
  return parse_json(MappedFile(path).text(), path.string());
}

bool is_qwen2_class(const std::optional<Json>& config) {
  const Json* value = config ? config->find("tokenizer_class") : nullptr;
  return value != nullptr && (*value == Json("Qwen2Tokenizer") || *value == Json("Qwen2TokenizerFast"));
}

SpecialNames read_special_names(const std::filesystem::path& folder, const std::optional<Json>& config_json) {
  const File config{.path = (folder / "tokenizer_config.json").string(), .json = config_json};
  naming(config.path, [&] { config.members(); });
  File map{.path = (folder / "special_tokens_map.json").string()};
  if (config.find("added_tokens_decoder") == nullptr) map.json = read_json_file(map.path);
  naming(map.path, [&] { map.members(); });
  SpecialNames names;
  for (const std::string_view name : kUsualNames) add_name(config, map, name, names);
  if (is_qwen2_class(config.json)) add_qwen2_defaults(config, map, names);
  add_own_names(config, map, names);
  add_lists(config, map, names);
  return names;
}

}  // namespace wedlm
