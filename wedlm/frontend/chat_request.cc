#include "wedlm/frontend/chat_request.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "wedlm/base/error.h"
#include "wedlm/base/json_members.h"
#include "wedlm/base/named.h"
#include "wedlm/base/quote.h"
#include "wedlm/engine/loaded_model.h"

namespace wedlm {
namespace {

constexpr std::string_view kPriority = "priority";
constexpr std::string_view kNumAnswers = "n";  // as in OpenAI's requests

std::vector<std::string> known_fields() {
  std::vector<std::string> known(prompt_fields().begin(), prompt_fields().end());
  for (const SamplingOption& option : sampling_options()) known.emplace_back(option.json_name);
  known.emplace_back(kPriority);
  known.emplace_back(kNumAnswers);
  return known;
}

void give(const JsonMember& member, SamplingSettings& settings) {
  const SamplingOption* option = find_json_option(member.key);
  if (option == nullptr) throw InvalidInput("unknown member" + did_you_mean(member.key, known_fields()));
  if (!member.value.is_null()) settings.give(*option, member.value);
}

std::vector<Request> answers_of(const ChatRequest& request, std::vector<TokenId> prompt,
                                const GenerationDefaults& suggestions) {
  if (request.num_answers < 1 || request.num_answers > kMaxAnswers) {
    throw InvalidInput("number of answers: expected 1 to " + std::to_string(kMaxAnswers) + ", got " +
                       std::to_string(request.num_answers));
  }
  const Request one{
      .prompt = std::move(prompt), .params = request.settings.params(suggestions), .priority = request.priority};
  std::vector<Request> requests(static_cast<std::size_t>(request.num_answers), one);
  for (std::size_t i = 1; i < requests.size(); ++i) {
    if (one.params.seed) requests[i].params.seed = (*one.params.seed + i) % (kMaxSeed + 1);
  }
  return requests;
}

}  // namespace

ChatRequest request_of_json(const Json& object, const std::string& source, const SamplingSettings& defaults) {
  using Priorities = std::numeric_limits<int>;
  ChatRequest request{.prompt = prompt_of_json(object, source), .settings = defaults};
  const JsonMembers members(object, source);
  request.priority = static_cast<int>(members.integer(kPriority, Priorities::min(), Priorities::max()).value_or(0));
  request.num_answers = static_cast<int>(members.integer(kNumAnswers, 1, kMaxAnswers).value_or(request.num_answers));
  for (const JsonMember& member : object.as_object()) {
    if (member.key == kPriority || member.key == kNumAnswers) continue;
    if (std::ranges::count(prompt_fields(), member.key) > 0) continue;
    try {
      give(member, request.settings);
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
  if (request.num_answers != 1) json.set(std::string(kNumAnswers), request.num_answers);
  return json;
}

std::vector<Request> engine_requests(const ChatRequest& request, const PromptEncoder& encoder,
                                     const GenerationDefaults& suggestions) {
  return answers_of(request, encoder.encode(request.prompt), suggestions);
}

std::vector<Request> engine_requests(const ChatRequest& request, const LoadedModel& model) {
  const bool is_encoded = !request.prompt.token_ids.empty();
  return answers_of(request, is_encoded ? request.prompt.token_ids : PromptEncoder(model).encode(request.prompt),
                    model.generation_defaults());
}

}  // namespace wedlm
