#include "wedlm/frontend/prompt.h"

#include <algorithm>
#include <array>
#include <limits>

#include "wedlm/base/error.h"
#include "wedlm/base/json_members.h"
#include "wedlm/base/quote.h"

namespace wedlm {
namespace {

constexpr std::string_view kAddGenerationPrompt = "add_generation_prompt";
constexpr std::string_view kContinueFinalMessage = "continue_final_message";
constexpr std::string_view kTemplateKwargs = "chat_template_kwargs";

/// Those that stand beside the messages, as in other engines' requests.
constexpr std::array<std::string_view, 3> kTemplateArguments = {"tools", "documents", "enable_thinking"};

constexpr std::array<std::string_view, 9> kFields = {"prompt",
                                                     "messages",
                                                     "raw",
                                                     kTemplateKwargs,
                                                     kAddGenerationPrompt,
                                                     kContinueFinalMessage,
                                                     kTemplateArguments[0],
                                                     kTemplateArguments[1],
                                                     kTemplateArguments[2]};

void read_text_or_ids(const JsonMembers& members, const Json& value, Prompt& prompt) {
  if (value.is_string()) {
    prompt.text = value.as_string();
    return;
  }
  const auto fail = [&] { members.fail("prompt", "a text or token ids", value); };
  if (!value.is_array() || value.as_array().empty()) fail();
  for (const Json& id : value.as_array()) {
    if (!id.is_integer() || id.as_integer() < 0 || id.as_integer() > std::numeric_limits<TokenId>::max()) fail();
    prompt.token_ids.push_back(static_cast<TokenId>(id.as_integer()));
  }
}

void check_messages(const JsonMembers& members, const Json& messages) {
  if (!messages.is_array() || messages.as_array().empty()) {
    members.fail("messages", "an array with at least one message", messages);
  }
  for (const Json& one : messages.as_array()) {
    const Json* role = one.find("role");
    if (role == nullptr || !role->is_string()) members.fail("messages", "each to be an object with a role", one);
  }
}

/// An argument beside the messages wins over one of the same name in chat_template_kwargs.
Json collected_arguments(const JsonMembers& members) {
  Json arguments = Json::object({});
  for (const std::string_view name : kTemplateArguments) {
    if (const Json* value = members.find(name)) arguments.set(std::string(name), *value);
  }
  const Json* kwargs = members.find(kTemplateKwargs);
  if (kwargs == nullptr) return arguments;
  if (!kwargs->is_object()) members.fail(kTemplateKwargs, "an object", *kwargs);
  for (const JsonMember& member : kwargs->as_object()) {
    const bool is_argument = std::ranges::count(kTemplateArguments, member.key) > 0;
    if (!is_argument && std::ranges::count(kFields, member.key) > 0)
      members.fail(kTemplateKwargs, "arguments that have no member of their own", Json(member.key));
    if (arguments.find(member.key) == nullptr) arguments.set(member.key, member.value);
  }
  return arguments;
}

Json template_arguments_of(const JsonMembers& members) {
  Json arguments = collected_arguments(members);
  for (const std::string_view name : {kTemplateArguments[0], kTemplateArguments[1]}) {
    const Json* list = arguments.find(name);
    if (list == nullptr || list->is_null()) continue;
    if (!list->is_array() || !std::ranges::all_of(list->as_array(), &Json::is_object)) {
      members.fail(name, "an array of objects", *list);
    }
  }
  return arguments;
}

void read_turn_end(const JsonMembers& members, Prompt& prompt) {
  const Json* continued = members.find(kContinueFinalMessage);
  const bool names_member = continued != nullptr && continued->is_string() && !continued->as_string().empty();
  if (names_member) prompt.continued_member = continued->as_string();
  const bool continues = names_member || members.boolean(kContinueFinalMessage, false);
  const bool adds = members.boolean(kAddGenerationPrompt, !continues);
  if (continues && adds) {
    members.fail(kContinueFinalMessage, "it without add_generation_prompt, which begins another message", *continued);
  }
  prompt.turn_end = continues ? TurnEnd::kContinue : adds ? TurnEnd::kAnswer : TurnEnd::kClosed;
}

}  // namespace

std::span<const std::string_view> prompt_fields() {
  return kFields;
}

Prompt prompt_of_json(const Json& object, const std::string& source) {
  const JsonMembers members(object, source);
  const Json* text = members.find("prompt");
  const Json* messages = members.find("messages");
  if ((text == nullptr) == (messages == nullptr)) {
    throw InvalidInput(source + ": expected an object with either prompt or messages, got " + shown(object));
  }
  Prompt prompt{.source = source};
  if (members.boolean("raw", false)) {
    if (messages != nullptr) members.fail("raw", "false: messages need the chat template", true);
    prompt.form = PromptForm::kRaw;
  }
  if (text != nullptr) {
    read_text_or_ids(members, *text, prompt);
  } else {
    check_messages(members, *messages);
    prompt.messages = *messages;
  }
  prompt.template_arguments = template_arguments_of(members);
  read_turn_end(members, prompt);
  return prompt;
}

Json prompt_json(const Prompt& prompt) {
  Json json = Json::object({});
  if (!prompt.messages.is_null()) {
    json.set("messages", prompt.messages);
  } else if (!prompt.token_ids.empty()) {
    json.set("prompt", Json::Array(prompt.token_ids.begin(), prompt.token_ids.end()));
  } else {
    json.set("prompt", prompt.text);
  }
  if (prompt.form == PromptForm::kRaw) json.set("raw", true);
  if (prompt.turn_end == TurnEnd::kClosed) json.set(std::string(kAddGenerationPrompt), false);
  if (prompt.turn_end == TurnEnd::kContinue) {
    const bool is_content = prompt.continued_member == Prompt().continued_member;
    json.set(std::string(kContinueFinalMessage), is_content ? Json(true) : Json(prompt.continued_member));
  }
  if (prompt.template_arguments.is_object() && !prompt.template_arguments.as_object().empty()) {
    json.set(std::string(kTemplateKwargs), prompt.template_arguments);
  }
  return json;
}

Json template_arguments_of_json(const Json& object, const std::string& source) {
  return template_arguments_of(JsonMembers(object, source));
}

Json messages_of(const Prompt& prompt) {
  if (!prompt.messages.is_null()) return prompt.messages;
  return Json::Array{Json::object({{"role", "user"}, {"content", prompt.text}})};
}

Prompt with_system_message(Prompt prompt, const std::string& system) {
  if (!prompt.token_ids.empty()) throw InvalidInput(prompt.source + ": token ids have no place for a system message");
  Json::Array messages = messages_of(prompt).as_array();
  if (messages.empty() || messages.front().at("role") != Json("system")) {
    messages.insert(messages.begin(), Json::object({{"role", "system"}, {"content", system}}));
  }
  prompt.messages = std::move(messages);
  return prompt;
}

Prompt with_template_arguments(Prompt prompt, const Json& defaults) {
  if (prompt.template_arguments.is_null()) prompt.template_arguments = Json::object({});
  for (const JsonMember& member : defaults.as_object()) {
    if (prompt.template_arguments.find(member.key) == nullptr) prompt.template_arguments.set(member.key, member.value);
  }
  return prompt;
}

}  // namespace wedlm
