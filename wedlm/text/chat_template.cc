#include "wedlm/text/chat_template.h"

#include <functional>
#include <mutex>

#include "wedlm/base/error.h"
#include "wedlm/base/mapped_file.h"
#include "wedlm/base/presence.h"
#include "wedlm/base/quote.h"
#include "wedlm/text/jinja/interpreter.h"
#include "wedlm/text/jinja/parser.h"

namespace wedlm {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTemplateFile = "chat_template.jinja";
constexpr const char* kTemplateFolder = "additional_chat_templates";
constexpr const char* kConfigFile = "tokenizer_config.json";
constexpr const char* kConfigMember = "tokenizer_config.json: chat_template";
constexpr const char* kDefault = "default";
constexpr const char* kToolUse = "tool_use";

Json config_of(const fs::path& folder) {
  const fs::path path = folder / kConfigFile;
  if (!is_present(path)) return Json::object({});
  Json config = parse_json(MappedFile(path).text(), kConfigFile);
  if (!config.is_object()) {
    throw InvalidInput(std::string(kConfigFile) + ": expected an object, got " + std::string(config.kind()));
  }
  return config;
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

/// One template, read and parsed when it is first needed.
class ChatTemplate::Source {
 public:
  using Read = std::function<std::string()>;
  Source(std::string where, Read read) : where_(std::move(where)), read_(std::move(read)) {}
  static std::shared_ptr<const Source> of_text(std::string where, std::string text) {
    return std::make_shared<const Source>(std::move(where), [text = std::move(text)] { return text; });
  }
  static std::shared_ptr<const Source> of_file(std::string where, fs::path path) {
    return std::make_shared<const Source>(std::move(where), [path = std::move(path)] {
      const MappedFile file(path);
      refuse_lfs_pointer(file.text(), path.string());
      return std::string(file.text());
    });
  }
  /// What should be a template and is none.
  static std::shared_ptr<const Source> of_fault(std::string where, const std::string& fault) {
    std::string message = where + ": " + fault;
    return std::make_shared<const Source>(
        std::move(where), [message = std::move(message)]() -> std::string { throw InvalidInput(message); });
  }

  const std::string& where() const { return where_; }
  /// Throws as body() does of what cannot be read.
  std::string text() const { return replace_ill_formed_utf8(read_()); }

  /// Throws InvalidInput, and ResourceError for a file that cannot be read.
  const jinja::Body& body() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!body_) body_ = jinja::parse(text(), where_);
    return *body_;
  }

 private:
  std::string where_;  // for messages
  Read read_;
  mutable std::mutex mutex_;
  mutable std::optional<jinja::Body> body_;
};

ChatTemplate::ChatTemplate(std::string source, std::string name) {
  sources_.emplace(kDefault, Source::of_text(std::move(name), std::move(source)));
}

ChatTemplate::Sources ChatTemplate::sources_of_files(const fs::path& folder) {
  Sources sources;
  if (is_present(folder / kTemplateFile)) {
    sources.emplace(kDefault, Source::of_file(kTemplateFile, folder / kTemplateFile));
  }
  if (!fs::is_directory(folder / kTemplateFolder)) return sources;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder / kTemplateFolder)) {
    if (entry.path().extension() != ".jinja") continue;
    const std::string where = std::string(kTemplateFolder) + "/" + entry.path().filename().string();
    sources.insert_or_assign(entry.path().stem().string(), Source::of_file(where, entry.path()));
  }
  return sources;
}

ChatTemplate::Sources ChatTemplate::sources_of_config(const Json& member) {
  const auto fault = [](const std::string& text) { return Sources{{kDefault, Source::of_fault(kConfigMember, text)}}; };
  Sources sources;
  const auto add = [&sources](const std::string& name, const Json& text) {
    const std::string where = std::string(kConfigMember) + " " + quote(name);
    sources.insert_or_assign(name, text.is_string() ? Source::of_text(where, text.as_string())
                                                    : Source::of_fault(where, "expected a string, got " + shown(text)));
  };
  if (member.is_string()) {
    sources.emplace(kDefault, Source::of_text(kConfigMember, member.as_string()));
  } else if (member.is_object()) {
    for (const JsonMember& named : member.as_object()) add(named.key, named.value);
  } else if (member.is_array()) {
    for (const Json& entry : member.as_array()) {
      const Json* name = entry.find("name");
      const Json* text = entry.find("template");
      if (name == nullptr || !name->is_string() || text == nullptr) {
        return fault("each entry needs the strings name and template, got " + shown(entry));
      }
      add(name->as_string(), *text);
    }
  } else {
    return fault("expected a string, an array or an object, got " + shown(member));
  }
  return sources;
}

std::optional<ChatTemplate> ChatTemplate::load(const fs::path& folder) {
  const Json config = config_of(folder);
  Sources sources = sources_of_files(folder);
  const Json* member = config.find("chat_template");
  if (sources.empty() && member != nullptr && !member->is_null()) sources = sources_of_config(*member);
  if (sources.empty()) return std::nullopt;
  ChatTemplate found(std::move(sources));
  found.special_tokens_ = special_tokens_of(config);
  return found;
}

ChatTemplate ChatTemplate::with_tokens_of(const fs::path& folder) const {
  ChatTemplate copy = *this;
  copy.special_tokens_ = special_tokens_of(config_of(folder));
  return copy;
}

std::optional<ChatTemplate> ChatTemplate::named(std::string_view name) const {
  const auto found = sources_.find(name);
  if (found == sources_.end()) return std::nullopt;
  ChatTemplate alone(Sources{{kDefault, found->second}});
  alone.special_tokens_ = special_tokens_;
  return alone;
}

const ChatTemplate::Source& ChatTemplate::chosen(bool has_tools) const {
  auto found = has_tools ? sources_.find(kToolUse) : sources_.end();
  if (found == sources_.end()) found = sources_.find(kDefault);
  if (found != sources_.end()) return *found->second;
  std::string names;
  for (const auto& [name, source] : sources_) names += (names.empty() ? "" : ", ") + quote(name);
  throw InvalidInput("chat template: expected one named \"default\", found only " + names + ": one has to be chosen");
}

std::string ChatTemplate::render(const Json& variables) const {
  const Json* tools = variables.find("tools");
  const Source& source = chosen(tools != nullptr && !tools->is_null());
  if (!variables.is_object()) {
    throw InvalidInput(source.where() + ": expected an object of variables, got " + std::string(variables.kind()));
  }
  jinja::Dict scope;
  for (const char* name : {"tools", "documents"}) scope.set(jinja::Value::string(name), jinja::Value::none());
  for (const Json* members : {&special_tokens_, &variables}) {
    for (const JsonMember& member : members->as_object()) {
      scope.set(jinja::Value::string(member.key), jinja::Value::from_json(member.value));
    }
  }
  return jinja::render(source.body(), scope, source.where());
}

std::string ChatTemplate::text() const {
  return chosen(false).text();
}

std::optional<std::string> ChatTemplate::fault() const {
  for (const auto& [name, source] : sources_) {
    try {
      (void)source->body();
    } catch (const Error& error) {
      return error.what();
    }
  }
  return std::nullopt;
}

std::optional<std::string> ChatTemplate::special_token(std::string_view name) const {
  const Json* token = special_tokens_.find(name);
  return token == nullptr ? std::nullopt : std::optional<std::string>(token->as_string());
}

}  // namespace wedlm
