// Reading Hugging Face's tokenizer.json. What is read is what changes the ids; whatever would change them in a way that
// is not supported is refused by name rather than passed over.
#include "wedlm/base/quote.h"
#include "wedlm/text/tokenizer_definition.h"
#include "wedlm/text/vocabulary.h"

namespace wedlm {
namespace {

// GPT-2's own expression, which a ByteLevel pre-tokenizer with use_regex stands for.
constexpr std::string_view kByteLevelExpression =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

bool is_absent(const Json* value) {
  return value == nullptr || value->is_null();
}

bool flag(const Json& json, std::string_view key, bool otherwise) {
  const Json* value = json.find(key);
  if (is_absent(value)) return otherwise;
  return naming(key, [&] { return value->as_bool(); });
}

const std::string& type_of(const Json& json) {
  return naming("type", [&]() -> const std::string& { return json.at("type").as_string(); });
}

void refuse_type(std::string_view expected, const Json& json) {
  throw InvalidInput("type " + quote(type_of(json)) + " is not supported; expected " + std::string(expected));
}

bool parse_normalizer(const Json* json) {
  if (is_absent(json)) return false;
  if (type_of(*json) == "NFC") return true;
  if (type_of(*json) != "Sequence") refuse_type("NFC, or a Sequence of it", *json);
  bool normalizes = false;
  for (const Json& inner : json->at("normalizers").as_array()) normalizes = parse_normalizer(&inner) || normalizes;
  return normalizes;
}

PreTokenizerStep parse_split(const Json& json) {
  using Kind = PreTokenizerStep::Kind;
  const Json* expression = json.at("pattern").find("Regex");
  if (expression == nullptr) throw InvalidInput("a Split pattern other than a Regex is not supported");
  const std::string& behavior = json.at("behavior").as_string();
  const bool invert = flag(json, "invert", false);
  if (behavior == "Isolated") return {Kind::kSplit, expression->as_string()};
  if (behavior == "Removed") {
    return {invert ? Kind::kSplitKeepMatches : Kind::kSplitDropMatches, expression->as_string()};
  }
  throw InvalidInput("Split behavior " + quote(behavior) + " is not supported; expected Isolated or Removed");
}

void parse_byte_level(const Json& json, std::vector<PreTokenizerStep>* steps) {
  using Kind = PreTokenizerStep::Kind;
  if (flag(json, "add_prefix_space", true)) steps->push_back({.kind = Kind::kPrefixSpace});
  if (flag(json, "use_regex", true)) steps->push_back({Kind::kSplit, std::string(kByteLevelExpression)});
}

std::vector<PreTokenizerStep> parse_pre_tokenizer(const Json* json) {
  if (is_absent(json)) throw InvalidInput("there is none; expected ByteLevel, or a Sequence that ends with it");
  Json::Array alone;
  const bool is_sequence = type_of(*json) == "Sequence";
  if (!is_sequence) alone.push_back(*json);
  const Json::Array& parts = is_sequence ? json->at("pretokenizers").as_array() : alone;
  std::vector<PreTokenizerStep> steps;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string& type = type_of(parts[i]);
    const bool is_last = i + 1 == parts.size();
    if (is_last != (type == "ByteLevel")) {
      throw InvalidInput("type " + quote(type) + " is not supported at its place; expected ByteLevel as the last");
    }
    if (is_last) {
      parse_byte_level(parts[i], &steps);
    } else if (type == "Split") {
      steps.push_back(parse_split(parts[i]));
    } else if (type == "Digits") {
      steps.push_back({.expression = flag(parts[i], "individual_digits", false) ? "\\p{N}" : "\\p{N}+"});
    } else {
      refuse_type("Split, Digits or ByteLevel", parts[i]);
    }
  }
  if (parts.empty()) throw InvalidInput("an empty Sequence is not supported; expected ByteLevel as the last");
  return steps;
}

void check_is_byte_level(const Json* json) {
  if (!is_absent(json) && type_of(*json) != "ByteLevel") refuse_type("ByteLevel or null", *json);
}

void check_model_options(const Json& model) {
  if (const Json* type = model.find("type"); !is_absent(type) && type->as_string() != "BPE") {
    refuse_type("BPE", model);
  }
  for (const std::string_view key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    const Json* value = model.find(key);
    if (is_absent(value)) continue;
    if (!naming(key, [&] { return value->as_string(); }).empty()) {
      throw InvalidInput(std::string(key) + " is not supported; expected null or an empty string");
    }
  }
  if (flag(model, "byte_fallback", false)) throw InvalidInput("byte_fallback is not supported");
  const Json* dropout = model.find("dropout");
  if (!is_absent(dropout) && dropout->as_number() != 0) throw InvalidInput("dropout is not supported");
}

std::vector<std::pair<std::string, std::string>> parse_merges(const Json& json) {
  std::vector<std::pair<std::string, std::string>> merges;
  merges.reserve(json.as_array().size());
  for (const Json& item : json.as_array()) {
    if (item.is_string()) {
      merges.push_back(parse_merge(item.as_string()));
      continue;
    }
    const Json::Array& pair = item.as_array();
    if (pair.size() != 2) throw InvalidInput("a merge of " + std::to_string(pair.size()) + " parts; expected 2");
    merges.emplace_back(pair[0].as_string(), pair[1].as_string());
  }
  return merges;
}

}  // namespace

TokenId parse_token_id(std::int64_t id, std::string_view token) {
  if (id >= 0 && id <= kMaxTokenId) return static_cast<TokenId>(id);
  throw InvalidInput("token " + quote(token) + " has id " + std::to_string(id) + "; expected 0 to " +
                     std::to_string(kMaxTokenId));
}

std::vector<std::pair<std::string, TokenId>> parse_vocabulary(const Json& json) {
  std::vector<std::pair<std::string, TokenId>> vocabulary;
  vocabulary.reserve(json.as_object().size());
  for (const auto& [token, id] : json.as_object()) {
    if (!id.is_integer()) {
      throw InvalidInput("token " + quote(token) + ": expected an integer as its id, got " + std::string(id.kind()));
    }
    vocabulary.emplace_back(token, parse_token_id(id.as_integer(), token));
  }
  if (vocabulary.empty()) throw InvalidInput("the vocabulary is empty");
  return vocabulary;
}

std::pair<std::string, std::string> parse_merge(std::string_view line) {
  const std::size_t space = line.find(' ');
  const bool two_parts = space != std::string_view::npos && space > 0 && space + 1 < line.size() &&
                         line.find(' ', space + 1) == std::string_view::npos;
  if (!two_parts) throw InvalidInput("merge " + quote(line) + "; expected two tokens with a space between");
  return {std::string(line.substr(0, space)), std::string(line.substr(space + 1))};
}

AddedToken parse_added_token(const Json& json, TokenId id) {
  AddedToken token{.id = id, .content = json.at("content").as_string()};
  token.special = flag(json, "special", false);
  token.single_word = flag(json, "single_word", false);
  token.lstrip = flag(json, "lstrip", false);
  token.rstrip = flag(json, "rstrip", false);
  token.normalized = flag(json, "normalized", !token.special);
  return token;
}

TokenizerDefinition definition_of_json(const Json& json) {
  TokenizerDefinition definition;
  const Json& model = json.at("model");
  naming("model", [&] { check_model_options(model); });
  definition.ignores_merges = naming("model", [&] { return flag(model, "ignore_merges", false); });
  definition.vocabulary = naming("model.vocab", [&] { return parse_vocabulary(model.at("vocab")); });
  definition.merges = naming("model.merges", [&] { return parse_merges(model.at("merges")); });
  definition.normalizes_to_nfc = naming("normalizer", [&] { return parse_normalizer(json.find("normalizer")); });
  definition.steps = naming("pre_tokenizer", [&] { return parse_pre_tokenizer(json.find("pre_tokenizer")); });
  definition.whole_form = naming("post_processor", [&] { return parse_post_processor(json.find("post_processor")); });
  naming("decoder", [&] { check_is_byte_level(json.find("decoder")); });
  if (const Json* added = json.find("added_tokens"); !is_absent(added)) {
    naming("added_tokens", [&] {
      for (const Json& token : added->as_array()) {
        const TokenId id = parse_token_id(token.at("id").as_integer(), token.at("content").as_string());
        definition.added_tokens.push_back(parse_added_token(token, id));
      }
    });
  }
  return definition;
}

}  // namespace wedlm
