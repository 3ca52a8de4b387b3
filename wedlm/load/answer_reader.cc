#include "wedlm/load/answer_reader.h"

#include <algorithm>
#include <array>
#include <span>

#include "wedlm/base/error.h"
#include "wedlm/base/quote.h"

namespace wedlm::load {
namespace {

bool has_text(const Json* value) {
  return value != nullptr && value->is_string() && !value->as_string().empty();
}

bool brings_text(const Json& choice) {
  if (has_text(choice.find("text"))) return true;
  const Json* delta = choice.find("delta");
  if (delta == nullptr) return false;
  constexpr std::array kTexts = {"content", "reasoning_content", "reasoning"};
  const Json* calls = delta->find("tool_calls");
  return std::any_of(kTexts.begin(), kTexts.end(), [delta](const char* key) { return has_text(delta->find(key)); }) ||
         (calls != nullptr && calls->is_array() && !calls->as_array().empty());
}

std::int64_t count_of(const Json& object, std::string_view key) {
  const Json* value = object.find(key);
  return value != nullptr && value->is_integer() ? std::max<std::int64_t>(0, value->as_integer()) : 0;
}

/// The message of an error, where the object is one.
std::optional<std::string> error_message(const Json& object) {
  const Json* error = object.find("error");
  if (error != nullptr && !error->is_null()) {
    const Json* message = error->find("message");
    return has_text(message) ? message->as_string() : shown(*error);
  }
  // vLLM's events of old and FastAPI's
  for (const char* key : {"message", "detail"}) {
    const Json* value = object.find(key);
    if (value != nullptr && object.find("choices") == nullptr && !value->is_null()) {
      return value->is_string() ? value->as_string() : shown(*value);
    }
  }
  return std::nullopt;
}

std::span<const Json> choices_of(const Json& object) {
  const Json* choices = object.find("choices");
  if (choices == nullptr || !choices->is_array()) return {};
  return choices->as_array();
}

}  // namespace

void AnswerReader::take_members(const Json& object) {
  if (const auto message = error_message(object)) throw InvalidInput("the server sent an error: " + *message);
  for (const Json& choice : choices_of(object)) {
    if (const Json* reason = choice.find("finish_reason"); has_text(reason)) {
      answer_.finish_reason = reason->as_string();
    }
  }
  if (const Json* usage = object.find("usage"); usage != nullptr && usage->is_object()) {
    const Json* details = usage->find("prompt_tokens_details");
    answer_.usage = {.prompt_tokens = count_of(*usage, "prompt_tokens"),
                     .cached_prompt_tokens = details != nullptr ? count_of(*details, "cached_tokens") : 0,
                     .output_tokens = count_of(*usage, "completion_tokens")};
  }
}

void AnswerReader::take_event(const StreamEvent& event, double seconds) {
  if (event.data == "[DONE]") {
    answer_.is_done = true;
    return;
  }
  const Json chunk = parse_json(event.data, "an event of the stream");
  take_members(chunk);
  const auto choices = choices_of(chunk);
  if (!std::any_of(choices.begin(), choices.end(), brings_text)) return;
  ++answer_.num_text_events;
  if (answer_.last_text_seconds) {
    answer_.event_gaps.push_back(static_cast<float>(seconds - *answer_.last_text_seconds));
  } else {
    answer_.first_text_seconds = seconds;
  }
  answer_.last_text_seconds = seconds;
}

void AnswerReader::take_whole(std::string_view body) {
  const Json object = parse_json(body, "the answer");
  take_members(object);
  if (object.find("choices") == nullptr) throw InvalidInput("expected an answer with choices, got " + shortened(body));
  answer_.is_done = true;
}

std::string server_error_text(std::string_view body) {
  try {
    if (const auto message = error_message(parse_json(body, "an error"))) return shortened(*message);
  } catch (const InvalidInput&) {  // a page of a proxy, say
  }
  return shortened(body);
}

}  // namespace wedlm::load
