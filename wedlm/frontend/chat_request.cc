#include "wedlm/frontend/chat_request.h"

#include <algorithm>
#include <limits>

#include "wedlm/base/error.h"
#include "wedlm/base/named.h"
#include "wedlm/base/quote.h"

namespace wedlm {
namespace {

constexpr std::string_view kPriority = "priority";

std::vector<std::string> known_fields() {
  std::vector<std::string> known(prompt_fields().begin(), prompt_fields().end());
  for (const SamplingOption& option : sampling_options()) known.emplace_back(option.json_name);
  known.emplace_back(kPriority);
  return known;
}

int priority_of(const Json& value) {
  if (!value.is_integer() || value.as_integer() < std::numeric_limits<int>::min() ||
      value.as_integer() > std::numeric_limits<int>::max()) {
    throw InvalidInput("expected an integer, larger for what is served first, got " + shown(value));
  }
  return static_cast<int>(value.as_integer());
}

/// A member that is not the prompt's.
void read_member(const JsonMember& member, ChatRequest& request) {
  if (member.value.is_null()) return;
  if (member.key == kPriority) {
    request.priority = priority_of(member.value);
  } else if (const SamplingOption* option = find_json_option(member.key)) {
    request.settings.give(*option, member.value);
  } else {
    throw InvalidInput("unknown member" + did_you_mean(member.key, known_fields()));
  }
}

}  // namespace

ChatRequest request_of_json(const Json& object, const std::string& source, const SamplingSettings& defaults) {
  ChatRequest request{.prompt = prompt_of_json(object, source), .settings = defaults};
  for (const JsonMember& member : object.as_object()) {
    if (std::ranges::count(prompt_fields(), member.key) > 0) continue;
    try {
      read_member(member, request);
    } catch (const InvalidInput& error) {
      throw InvalidInput(source + ": " + shortened(member.key) + ": " + error.what());
    }
  }
  return request;
}

Json request_json(const ChatRequest& request) {
  Json json = prompt_json(request.prompt);
  const Json settings = request.settings.json();
  for (const JsonMember& member : settings.as_object()) json.set(member.key, member.value);
  if (request.priority != 0) json.set(std::string(kPriority), request.priority);
  return json;
}

Request engine_request(const ChatRequest& request, const PromptEncoder& encoder,
                       const GenerationDefaults& suggestions) {
  return {.prompt = encoder.encode(request.prompt),
          .params = request.settings.params(suggestions),
          .priority = request.priority};
}

}  // namespace wedlm
