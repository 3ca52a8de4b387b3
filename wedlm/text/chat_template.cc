#include "wedlm/text/chat_template.h"

#include "wedlm/base/error.h"
#include "wedlm/base/mapped_file.h"
#include "wedlm/text/jinja/interpreter.h"
#include "wedlm/text/jinja/parser.h"

namespace wedlm {
namespace {

constexpr const char* kTemplateFile = "chat_template.jinja";
constexpr const char* kConfigFile = "tokenizer_config.json";

/// The template in tokenizer_config.json, if there is one.
std::optional<std::string> configured_template(const Json& config) {
  const Json* member = config.find("chat_template");
  if (member == nullptr || member->is_null()) return std::nullopt;
  if (member->is_string()) return member->as_string();
  if (!member->is_array()) {
    throw InvalidInput(std::string(kConfigFile) + ": chat_template: expected a string or an array, got " +
                       std::string(member->kind()));
  }
  for (const Json& choice : member->as_array()) {
    const Json* name = choice.find("name");
    const Json* source = choice.find("template");
    if (name == nullptr || !name->is_string() || source == nullptr || !source->is_string()) {
      throw InvalidInput(std::string(kConfigFile) + ": chat_template: each entry needs the strings name and template");
    }
    if (name->as_string() == "default") return source->as_string();
  }
  throw InvalidInput(std::string(kConfigFile) + ": chat_template has no entry named \"default\"");
}

/// Tokens are strings or objects with the string `content`; absent and null ones stay undefined.
Json special_tokens_of(const Json& config) {
  Json tokens = Json::object({});
  for (const char* name :
       {"bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"}) {
    const Json* token = config.find(name);
    if (token != nullptr && token->is_object()) token = token->find("content");
    if (token != nullptr && token->is_string()) tokens.set(name, *token);
  }
  return tokens;
}

}  // namespace

struct ChatTemplate::Parsed {
  jinja::Body body;
};

ChatTemplate::ChatTemplate(const std::string& source, std::string name) : name_(std::move(name)) {
  parsed_ = std::make_shared<const Parsed>(Parsed{jinja::parse(replace_ill_formed_utf8(source), name_)});
}

std::optional<ChatTemplate> ChatTemplate::load(const std::filesystem::path& folder) {
  Json config = Json::object({});
  if (const auto path = folder / kConfigFile; std::filesystem::exists(path)) {
    config = parse_json(MappedFile(path).text(), kConfigFile);
    if (!config.is_object())
      throw InvalidInput(std::string(kConfigFile) + ": expected an object, got " + std::string(config.kind()));
  }
  std::optional<ChatTemplate> result;
  if (const auto path = folder / kTemplateFile; std::filesystem::exists(path)) {
    result.emplace(std::string(MappedFile(path).text()), kTemplateFile);
  } else if (std::optional<std::string> source = configured_template(config)) {
    result.emplace(*std::move(source), std::string(kConfigFile) + ": chat_template");
  }
  if (result) result->special_tokens_ = special_tokens_of(config);
  return result;
}

std::string ChatTemplate::render(const Json& variables) const {
  if (!variables.is_object()) {
    throw InvalidInput(name_ + ": expected an object of variables, got " + std::string(variables.kind()));
  }
  jinja::Dict scope;
  for (const char* name : {"tools", "documents"}) scope.set(jinja::Value::string(name), jinja::Value::none());
  for (const Json* source : {&special_tokens_, &variables}) {
    for (const JsonMember& member : source->as_object()) {
      scope.set(jinja::Value::string(member.key), jinja::Value::from_json(member.value));
    }
  }
  return jinja::render(parsed_->body, scope, name_);
}

std::optional<std::string> ChatTemplate::special_token(std::string_view name) const {
  const Json* token = special_tokens_.find(name);
  return token == nullptr ? std::nullopt : std::optional<std::string>(token->as_string());
}

}  // namespace wedlm
