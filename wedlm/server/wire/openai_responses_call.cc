// What POST /v1/responses asks for.
#include <algorithm>

#include "wedlm/base/quote.h"
#include "wedlm/decode/sampling_options.h"
#include "wedlm/server/wire/call_reader.h"
#include "wedlm/server/wire/openai_responses.h"

namespace wedlm::server {
namespace {

[[noreturn]] void refuse_value(const std::string& param, std::string_view expected, const Json& got) {
  refuse(param, param + ": expected " + std::string(expected) + ", got " + shown(got));
}

constexpr std::string_view kLogprobs = "message.output_text.logprobs";

/// A text, or the texts of parts: input_text of users, output_text of former answers.
std::string text_of(const Json& content, const std::string& param) {
  if (content.is_string()) return content.as_string();
  if (!content.is_array()) refuse_value(param, "a text or an array of parts", content);
  std::string text;
  for (const Json& part : content.as_array()) {
    const Json* type = part.find("type");
    const Json* value = part.find("text");
    const bool is_text =
        type != nullptr && (*type == Json("input_text") || *type == Json("output_text") || *type == Json("text"));
    if (!is_text || value == nullptr || !value->is_string())
      refuse_value(param, "parts of type input_text or output_text", part);
    text += value->as_string();
  }
  return text;
}

Json message_of(const Json& item, const std::string& param) {
  const Json* type = item.find("type");
  if (type != nullptr && *type != Json("message")) {
    refuse(param, param + ": items of type " + shown(*type) + " are not built; expected message");
  }
  const Json* role = item.find("role");
  const Json* content = item.find("content");
  if (role == nullptr || content == nullptr) refuse_value(param, "a message with a role and a content", item);
  return checked_message(param, Json::object({{"role", *role}, {"content", text_of(*content, param + ".content")}}));
}

Json messages_of_input(CallReader& reader) {
  Json::Array messages;
  if (const auto instructions = reader.text("instructions")) {
    messages.push_back(Json::object({{"role", "system"}, {"content", *instructions}}));
  }
  const Json& input = reader.required("input", "a text or an array of items");
  if (input.is_string()) {
    messages.push_back(Json::object({{"role", "user"}, {"content", input}}));
    return messages;
  }
  if (!input.is_array() || input.as_array().empty()) refuse_value("input", "a text or an array of items", input);
  for (std::size_t i = 0; i < input.as_array().size(); ++i) {
    const Json& item = input.as_array()[i];
    const Json* type = item.find("type");
    if (type != nullptr && *type == Json("reasoning")) continue;  // of a former answer: the model has no use for it
    messages.push_back(message_of(item, "input[" + std::to_string(i) + "]"));
  }
  if (messages.empty()) refuse_value("input", "at least one message", input);
  return messages;
}

void refuse_what_is_not_built(CallReader& reader) {
  const Json* choice = reader.find("tool_choice");
  if (choice == nullptr || *choice != Json("none"))
    reader.refuse_unbuilt("tools", "tools: calling tools is not built yet");
  reader.ignore({"tools"});
  for (const std::string_view name : {"previous_response_id", "conversation", "background", "prompt"}) {
    reader.refuse_unbuilt(name,
                          std::string(name) + ": responses are not stored here; send the whole conversation as input");
  }
  if (const Json* text = reader.find("text")) {
    if (!text->is_object()) refuse_value("text", "an object", *text);
    const Json* format = text->find("format");
    if (format != nullptr && !format->is_null() && !format->is_object()) {
      refuse_value("text.format", "an object", *format);
    }
    const Json* type = format == nullptr ? nullptr : format->find("type");
    if (type != nullptr && *type != Json("text")) {
      refuse("text.format",
             "text.format: this server writes text only; structured output is not built yet, got " + shown(*format));
    }
  }
}

/// top_logprobs says how many alternatives, and without them `include` asks for those of the tokens alone.
void read_logprobs(CallReader& reader, SamplingSettings& settings) {
  if (const Json* include = reader.find("include")) {
    if (!include->is_array() || !std::ranges::all_of(include->as_array(), &Json::is_string))
      refuse_value("include", "an array of texts", *include);
    if (std::ranges::count(include->as_array(), Json(kLogprobs)) > 0) settings.give(*find_json_option("logprobs"), 0);
  }
  reader.give(settings, "top_logprobs", "logprobs");
}

/// What a response says again of its call.
void repeat(CallReader& reader, Call& call) {
  for (const std::string_view name : {"instructions", "user"}) {
    if (const auto text = reader.text(name)) call.repeated.set(std::string(name), *text);
  }
  const Json* metadata = reader.find("metadata");
  if (metadata == nullptr) return;
  if (!metadata->is_object()) refuse_value("metadata", "an object", *metadata);
  call.repeated.set("metadata", *metadata);
}

}  // namespace

Call read_responses_call(const Json& body, const CallRules& rules) {
  CallReader reader(body, rules);
  Call call = reader.begin_call("input");
  refuse_what_is_not_built(reader);
  ChatRequest& request = call.requests.front();
  request.prompt = reader.chat_prompt(messages_of_input(reader), "input");
  reader.give(request.settings, "max_output_tokens", "max_tokens");
  read_logprobs(reader, request.settings);
  repeat(reader, call);
  reader.ignore({"store", "parallel_tool_calls", "reasoning", "service_tier", "truncation", "max_tool_calls",
                 "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "stream_options"});
  reader.give_all(request.settings);
  reader.end_call(call);
  return call;
}

}  // namespace wedlm::server
