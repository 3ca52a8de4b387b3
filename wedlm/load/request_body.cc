#include "wedlm/load/request_body.h"

#include <algorithm>

namespace wedlm::load {

Json request_body(const RequestSettings& settings, const Json& prompt, std::int64_t index) {
  Json::Object members = {{"model", settings.model}};
  members.insert(members.end(), prompt.as_object().begin(), prompt.as_object().end());
  if (settings.max_tokens) members.push_back({"max_tokens", *settings.max_tokens});
  if (settings.temperature) members.push_back({"temperature", *settings.temperature});
  if (settings.seed) members.push_back({"seed", *settings.seed + index});
  if (settings.ignore_eos) members.push_back({"ignore_eos", true});
  if (settings.is_streamed) {
    members.push_back({"stream", true});
    members.push_back({"stream_options", Json::object({{"include_usage", true}})});
  }
  if (settings.extra.is_null()) return members;
  for (const JsonMember& extra : settings.extra.as_object()) {
    const auto same =
        std::find_if(members.begin(), members.end(), [&](const JsonMember& member) { return member.key == extra.key; });
    if (same == members.end()) {
      members.push_back(extra);
    } else {
      same->value = extra.value;
    }
  }
  return members;
}

}  // namespace wedlm::load
