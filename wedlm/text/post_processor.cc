// Source: tokenizers 0.23, processors/*.rs, process_encodings() with add_special_tokens.
#include "wedlm/text/post_processor.h"

#include "wedlm/base/quote.h"
#include "wedlm/text/tokenizer_definition.h"

namespace wedlm {
namespace {

/// What a processor is given and gives: each part is a text of its own to the next one of a Sequence.
using Parts = std::vector<WholeForm>;

std::vector<TokenId> ids_of_token(const Json& template_json, const std::string& name) {
  const Json* token = template_json.at("special_tokens").find(name);
  if (token == nullptr) throw InvalidInput("the template has " + quote(name) + ", which is not in special_tokens");
  std::vector<TokenId> ids;
  for (const Json& id : token->at("ids").as_array()) ids.push_back(parse_token_id(id.as_integer(), name));
  return ids;
}

/// A template has places for its own tokens and for one text (single) or two (pair).
Parts process_template(const Json& json, const Parts& parts) {
  if (parts.size() > 2) {
    throw InvalidInput("a TemplateProcessing after one that makes " + std::to_string(parts.size()) +
                       " parts of a text is not supported; expected at most 2");
  }
  Parts result;
  for (const Json& piece : json.at(parts.size() == 2 ? "pair" : "single").as_array()) {
    if (const Json* token = piece.find("SpecialToken")) {
      result.push_back(ids_of_token(json, token->at("id").as_string()));
      continue;
    }
    const std::string& name = piece.at("Sequence").at("id").as_string();
    const std::size_t index = name == "A" ? 0 : 1;
    if ((name != "A" && name != "B") || index >= parts.size()) {
      throw InvalidInput("the template has a place for text " + quote(name) + ", and there is none");
    }
    result.push_back(parts[index]);
  }
  return result;
}

/// [CLS] text [SEP], and of further parts [SEP] text [SEP] (RoBERTa) or text [SEP] (BERT).
Parts process_pairs(const Json& json, Parts parts, bool separates_before) {
  const auto token = [&](std::string_view key) {
    const Json::Array& pair = json.at(key).as_array();
    if (pair.size() != 2) throw InvalidInput(std::string(key) + ": expected a token and its id");
    return parse_token_id(pair[1].as_integer(), pair[0].as_string());
  };
  const TokenId separator = token("sep"), first = token("cls");
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i == 0 || separates_before) parts[i].insert(parts[i].begin(), i == 0 ? first : separator);
    parts[i].push_back(separator);
  }
  return parts;
}

Parts process(const Json& json, Parts parts) {
  const std::string& type = naming("type", [&]() -> const std::string& { return json.at("type").as_string(); });
  if (type == "ByteLevel") return parts;  // it moves offsets, of which there are none here
  if (type == "TemplateProcessing") return process_template(json, parts);
  if (type == "BertProcessing") return process_pairs(json, std::move(parts), false);
  if (type == "RobertaProcessing") return process_pairs(json, std::move(parts), true);
  if (type != "Sequence") {
    throw InvalidInput(
        "type " + quote(type) +
        " is not supported; expected ByteLevel, TemplateProcessing, BertProcessing, RobertaProcessing, a "
        "Sequence of them, or null");
  }
  for (const Json& one : json.at("processors").as_array()) parts = process(one, std::move(parts));
  return parts;
}

}  // namespace

WholeForm parse_post_processor(const Json* json) {
  Parts parts = {{kNoToken}};
  if (json != nullptr && !json->is_null()) parts = process(*json, std::move(parts));
  WholeForm form;
  for (const WholeForm& part : parts) form.insert(form.end(), part.begin(), part.end());
  return form;
}

std::vector<TokenId> in_whole_form(const WholeForm& form, std::vector<TokenId> ids) {
  if (form == WholeForm{kNoToken}) return ids;
  std::vector<TokenId> whole;
  for (const TokenId id : form) {
    if (id == kNoToken) {
      whole.insert(whole.end(), ids.begin(), ids.end());
    } else {
      whole.push_back(id);
    }
  }
  return whole;
}

}  // namespace wedlm
