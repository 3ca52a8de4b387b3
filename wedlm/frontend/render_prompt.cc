#include "wedlm/frontend/render_prompt.h"

#include <algorithm>
#include <array>

#include "wedlm/base/error.h"
#include "wedlm/base/quote.h"
#include "wedlm/text/unicode.h"

namespace wedlm {
namespace {

// What a message's reasoning is called; templates read the first, those of gpt-oss the second.
constexpr std::array<std::string_view, 3> kReasoning = {"reasoning_content", "thinking", "reasoning"};

// Stands after the message that is to be continued while it is rendered. Its last character tells whether the template
// keeps the white space after a message.
constexpr std::string_view kTag = "CONTINUE_FINAL_MESSAGE_TAG ";
constexpr std::string_view kTagWord = kTag.substr(0, kTag.size() - 1);

void replace(Json::Object& object, std::string_view key, Json value) {
  const auto found = std::ranges::find(object, key, &JsonMember::key);
  if (found == object.end()) {
    object.push_back({std::string(key), std::move(value)});
  } else {
    found->value = std::move(value);
  }
}

/// A message as templates see it.
Json::Object plain_message(const Json& message) {
  Json::Object members = message.as_object();
  std::erase_if(members, [](const JsonMember& member) { return member.value.is_null(); });
  const Json* reasoning = nullptr;
  for (const std::string_view name : kReasoning) {
    if (reasoning == nullptr) reasoning = message.find(name);
    if (reasoning != nullptr && reasoning->is_null()) reasoning = nullptr;
  }
  if (reasoning == nullptr) return members;
  const auto thinking = std::ranges::find(members, kReasoning[1], &JsonMember::key);
  JsonMember first{std::string(kReasoning[1]), thinking == members.end() ? *reasoning : thinking->value};
  if (thinking != members.end()) members.erase(thinking);
  members.insert(members.begin(), std::move(first));
  replace(members, kReasoning[0], *reasoning);
  return members;
}

[[noreturn]] void fail_to_continue(const std::string& expected, const Json& message) {
  throw InvalidInput("continue_final_message: expected " + expected + ", got " + shown(message));
}

/// Marks the end of a text, or of the last text in a list of parts, with the tag; returns the text.
std::string mark_end(Json& value, const Json::Object& message) {
  if (value.is_string()) {
    std::string text = value.as_string();
    value = text + std::string(kTag);
    return text;
  }
  Json::Array parts = value.is_array() ? value.as_array() : Json::Array();
  const auto part = std::find_if(parts.rbegin(), parts.rend(), [](const Json& one) { return one.find("text"); });
  if (part == parts.rend() || !part->at("text").is_string()) fail_to_continue("a last message with text", message);
  std::string text = part->at("text").as_string();
  Json::Object members = part->as_object();
  replace(members, "text", text + std::string(kTag));
  *part = std::move(members);
  value = std::move(parts);
  return text;
}

/// Marks the end of that member of a message, and of its copies under other names; returns its text.
std::string mark_member(Json::Object& message, const std::string& name) {
  const auto wanted = std::ranges::find(message, name, &JsonMember::key);
  if (wanted == message.end()) fail_to_continue("a last message with " + quote(name), message);
  const Json::Object before = message;
  const Json value = wanted->value;
  const bool is_reasoning = std::ranges::count(kReasoning, name) > 0;
  std::string text;
  for (JsonMember& member : message) {
    const bool is_copy = is_reasoning && std::ranges::count(kReasoning, member.key) > 0 && member.value == value;
    if (member.key == name || is_copy) text = mark_end(member.value, before);
  }
  return text;
}

/// What str.strip() of Python takes away.
bool is_space(char32_t c) {
  return is_white_space(c) || (c >= 0x1C && c <= 0x1F);
}

std::string_view without_space_after(std::string_view text) {
  while (!text.empty() && is_space(last_code_point(text).value)) text.remove_suffix(last_code_point(text).length);
  return text;
}

std::string_view without_space_around(std::string_view text) {
  while (!text.empty() && is_space(first_code_point(text).value)) text.remove_prefix(first_code_point(text).length);
  return without_space_after(text);
}

std::string without_tags(std::string_view text) {
  std::string out;
  for (std::size_t tag = text.find(kTag); tag != std::string_view::npos; tag = text.find(kTag)) {
    out += text.substr(0, tag);
    text.remove_prefix(tag + kTag.size());
  }
  return out.append(text);
}

/// Ends the rendering with the text that is to be continued: what the template puts after it is cut off, and its own
/// trailing white space stays where the template keeps it.
std::string cut_at_tag(const std::string& rendered, std::string_view text) {
  const std::size_t tag = rendered.rfind(kTagWord);
  if (tag == std::string::npos || rendered.find(without_space_around(text)) == std::string::npos) {
    throw InvalidInput("continue_final_message: expected the last message in what the chat template makes of it, got " +
                       quote(rendered));
  }
  const bool keeps_space = std::string_view(rendered).substr(tag).starts_with(kTag);
  const std::string_view kept = std::string_view(rendered).substr(0, tag);
  return without_tags(keeps_space ? kept : without_space_after(kept));  // a template may print the message twice
}

}  // namespace

std::string render_prompt(const ChatTemplate& chat_template, const Prompt& prompt) {
  const Json given = messages_of(prompt);
  Json::Array messages;
  for (const Json& message : given.as_array()) messages.emplace_back(plain_message(message));
  std::string continued;
  if (prompt.turn_end == TurnEnd::kContinue) {
    Json::Object last = messages.back().as_object();
    continued = mark_member(last, prompt.continued_member);
    messages.back() = std::move(last);
  }
  Json variables =
      Json::object({{"messages", std::move(messages)}, {"add_generation_prompt", prompt.turn_end == TurnEnd::kAnswer}});
  if (prompt.template_arguments.is_object()) {
    for (const JsonMember& argument : prompt.template_arguments.as_object()) {
      variables.set(argument.key, argument.value);
    }
  }
  std::string rendered = chat_template.render(variables);
  return prompt.turn_end == TurnEnd::kContinue ? cut_at_tag(rendered, continued) : rendered;
}

}  // namespace wedlm
