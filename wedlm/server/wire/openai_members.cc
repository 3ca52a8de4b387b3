#include "wedlm/server/wire/openai_members.h"

#include "wedlm/base/quote.h"

namespace wedlm::server {
namespace {

void read_stream_options(CallReader& reader, const CallRules& rules, Call& call) {
  call.shows_usage = rules.shows_usage;
  const Json* options = reader.find("stream_options");
  if (options == nullptr) return;
  if (!options->is_object()) refuse("stream_options", "stream_options: expected an object, got " + shown(*options));
  const auto is_on = [&](std::string_view name) {
    const Json* value = options->find(name);
    if (value == nullptr || value->is_null()) return false;
    const std::string param = "stream_options." + std::string(name);
    if (!value->is_bool()) refuse(param, param + ": expected a boolean, got " + shown(*value));
    return value->as_bool();
  };
  call.shows_usage_always = is_on("continuous_usage_stats");
  const bool asks_for_usage = is_on("include_usage");
  call.shows_usage = call.shows_usage || call.shows_usage_always || asks_for_usage;
  call.shows_window = is_on("window");
}

void refuse_formats(CallReader& reader) {
  const Json* format = reader.find("response_format");
  if (format != nullptr) {
    const Json* type = format->find("type");
    if (type == nullptr || *type != Json("text")) {
      refuse(
          "response_format",
          "response_format: this server writes text only; structured output is not built yet, got " + shown(*format));
    }
  }
  for (const std::string_view name :
       {"guided_json", "guided_regex", "guided_choice", "guided_grammar", "structured_outputs"}) {
    reader.refuse_unbuilt(name, std::string(name) + ": structured output is not built yet");
  }
}

}  // namespace

void read_openai_members(CallReader& reader, const CallRules& rules, Call& call) {
  SamplingSettings& settings = call.requests.front().settings;
  read_stream_options(reader, rules, call);
  refuse_formats(reader);
  reader.refuse_unbuilt("use_beam_search", "use_beam_search: beams are not built; leave it out");
  reader.ignore({"user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key", "request_id",
                 "skip_special_tokens", "spaces_between_special_tokens", "include_stop_str_in_output", "detokenize"});
  reader.give(settings, "pos_penalty", "position_penalty");
  reader.give_all(settings);
}

}  // namespace wedlm::server
