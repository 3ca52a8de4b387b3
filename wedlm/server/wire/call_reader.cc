#include "wedlm/server/wire/call_reader.h"

#include <algorithm>
#include <array>
#include <limits>

#include "wedlm/base/error.h"
#include "wedlm/base/number_text.h"
#include "wedlm/base/quote.h"
#include "wedlm/decode/sampling_options.h"

namespace wedlm::server {
namespace {

constexpr std::array<std::string_view, 6> kRoles = {"system", "developer", "user", "assistant", "tool", "function"};

[[noreturn]] void refuse_value(std::string_view name, std::string_view expected, const Json& got) {
  refuse(std::string(name), std::string(name) + ": expected " + std::string(expected) + ", got " + shown(got));
}

bool asks_for_nothing(const Json& value) {
  return value == Json(false) || (value.is_array() && value.as_array().empty()) ||
         (value.is_object() && value.as_object().empty());
}

/// Its parts one after the other: templates that know no parts take it, and those that do write the same.
Json text_of_content(const std::string& param, const Json& content) {
  if (content.is_string()) return content;
  if (!content.is_array()) refuse_value(param, "a text or an array of parts", content);
  std::string all;
  for (const Json& part : content.as_array()) {
    const Json* type = part.find("type");
    if (type == nullptr || !type->is_string()) refuse_value(param, "parts with a type", part);
    if (type->as_string() != "text" && type->as_string() != "refusal") {
      refuse(param, param + ": parts of type " + quote(type->as_string()) +
                        " are not understood by this model; expected text");
    }
    const Json* text = part.find(type->as_string());
    if (text == nullptr || !text->is_string()) {
      refuse_value(param, "a part of type " + type->as_string() + " to have a " + type->as_string(), part);
    }
    all += text->as_string();
  }
  return all;
}

}  // namespace

Json checked_message(const std::string& param, const Json& message) {
  if (!message.is_object()) refuse_value(param, "an object", message);
  const Json* role = message.find("role");
  if (role == nullptr || !role->is_string()) refuse_value(param, "a role that is a text", message);
  if (std::ranges::count(kRoles, role->as_string()) == 0) {
    refuse(param + ".role", unknown_name(param + ".role", kRoles, role->as_string()));
  }
  const Json* content = message.find("content");
  const bool may_lack_content = message.find("tool_calls") != nullptr || message.find("function_call") != nullptr;
  if ((content == nullptr || content->is_null()) && !may_lack_content) refuse_value(param, "a content", message);
  Json::Object members = message.as_object();
  std::erase_if(members, [](const JsonMember& member) { return member.key == "content"; });
  // Templates put it together with other texts, also where a message has calls of tools and nothing to say.
  Json text = content == nullptr || content->is_null() ? Json("") : text_of_content(param + ".content", *content);
  members.insert(members.begin() + 1, {.key = "content", .value = std::move(text)});
  return members;
}

CallReader::CallReader(const Json& body, const CallRules& rules) : body_(body), rules_(rules) {
  if (!body.is_object()) throw ApiError({.message = "expected an object as the body, got " + std::string(body.kind())});
}

const Json* CallReader::find(std::string_view name) {
  known_.emplace(name);
  const Json* value = body_.find(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

bool CallReader::boolean(std::string_view name, bool fallback) {
  const Json* value = find(name);
  if (value == nullptr) return fallback;
  if (!value->is_bool()) refuse_value(name, "a boolean", *value);
  return value->as_bool();
}

std::optional<std::int64_t> CallReader::integer(std::string_view name, std::int64_t low, std::int64_t high) {
  const Json* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_integer() || value->as_integer() < low || value->as_integer() > high) {
    refuse_value(name, "an integer from " + std::to_string(low) + " to " + std::to_string(high), *value);
  }
  return value->as_integer();
}

std::optional<std::string> CallReader::text(std::string_view name) {
  const Json* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) refuse_value(name, "a text", *value);
  return value->as_string();
}

const Json& CallReader::required(std::string_view name, std::string_view expected) {
  const Json* value = find(name);
  if (value == nullptr) {
    refuse(std::string(name), std::string(name) + ": expected " + std::string(expected) + ", got nothing");
  }
  return *value;
}

void CallReader::ignore(std::initializer_list<std::string_view> names) {
  known_.insert(names.begin(), names.end());
}

void CallReader::refuse_unbuilt(std::string_view name, std::string_view message) {
  const Json* value = find(name);
  if (value != nullptr && !asks_for_nothing(*value)) refuse(std::string(name), std::string(message));
}

void CallReader::give(SamplingSettings& settings, std::string_view name, std::string_view option_name) {
  const Json* value = find(name);
  if (value == nullptr) return;
  const SamplingOption* option = find_json_option(option_name);
  try {
    settings.give(*option, *value);
  } catch (const InvalidInput& error) {
    refuse(std::string(name), std::string(name) + ": " + error.what());
  }
  check_limit(option->json_name, name, *value);
}

void CallReader::give_all(SamplingSettings& settings) {
  for (const JsonMember& member : body_.as_object()) {
    if (known_.contains(member.key)) continue;
    if (const SamplingOption* option = find_json_option(member.key)) give(settings, member.key, option->json_name);
  }
}

void CallReader::check_limit(std::string_view option, std::string_view name, const Json& value) const {
  const auto limit = std::ranges::find(rules_.limits, option, &JsonMember::key);
  if (limit == rules_.limits.end() || !value.is_number() || value.as_number() <= limit->value.as_number()) return;
  refuse(std::string(name), std::string(name) + ": this server allows at most " + shortest(limit->value.as_number()) +
                                ", got " + shown(value));
}

Call CallReader::begin_call(std::string prompt_member) {
  using Priorities = std::numeric_limits<int>;
  Call call{.prompt_member = std::move(prompt_member)};
  call.model = text("model").value_or("");
  call.is_streamed = boolean("stream", false);
  call.shows_token_ids = boolean("return_token_ids", false);
  if (const auto budget = integer("thinking_budget", 0, std::numeric_limits<std::int32_t>::max())) {
    call.thinking_budget = static_cast<std::int32_t>(*budget);
  }
  ChatRequest request{.settings = rules_.settings};
  request.priority = static_cast<int>(integer("priority", Priorities::min(), Priorities::max()).value_or(0));
  call.requests.push_back(std::move(request));
  return call;
}

Prompt CallReader::chat_prompt(const Json& messages, const std::string& param) {
  if (!messages.is_array() || messages.as_array().empty()) {
    refuse_value(param, "an array with at least one message", messages);
  }
  Json::Array checked;
  for (const Json& message : messages.as_array()) {
    checked.push_back(checked_message(param + "[" + std::to_string(checked.size()) + "]", message));
  }
  return prompt_of("messages", std::move(checked), param);
}

Prompt CallReader::text_prompt(const std::string& text, const std::string& param) {
  return prompt_of("prompt", text, param);
}

Prompt CallReader::prompt_of(const char* kind, Json contents, const std::string& param) {
  Json asked = Json::object({{kind, std::move(contents)}});
  for (const std::string_view name : prompt_fields()) {
    if (name == "messages" || name == "prompt" || name == "raw") continue;
    if (const Json* value = find(name)) asked.set(std::string(name), *value);
  }
  return with_param(param, [&] { return prompt_of_json(asked, "the request"); });
}

int CallReader::num_answers(std::size_t num_prompts) {
  const auto asked = static_cast<int>(integer("n", 1, kMaxAnswers).value_or(1));
  const auto all = num_prompts * static_cast<std::size_t>(asked);
  if (all > static_cast<std::size_t>(rules_.max_answers)) {
    refuse("n", "n: this server gives at most " + std::to_string(rules_.max_answers) + " answers to a call, got " +
                    std::to_string(all) + " (prompts times n)");
  }
  return asked;
}

void CallReader::end_call(Call& call) const {
  for (const JsonMember& member : body_.as_object()) {
    if (!known_.contains(member.key)) call.unknown_members.push_back(member.key);
  }
}

}  // namespace wedlm::server
