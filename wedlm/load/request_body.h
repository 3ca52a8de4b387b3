// The JSON of each request.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "wedlm/base/json.h"

namespace wedlm::load {

/// What all requests have in common. What is not given is left to the server.
struct RequestSettings {
  std::string model{};
  bool is_streamed = true;
  std::optional<std::int32_t> max_tokens{};
  std::optional<double> temperature{};
  std::optional<std::int64_t> seed{};  // of request 0; each next one has one more
  bool ignore_eos = false;             // answers go on to max_tokens, where the server knows the member
  Json extra{};                        // an object whose members are added and win, or null
};

/// `prompt` has the members that say what is asked.
Json request_body(const RequestSettings& settings, const Json& prompt, std::int64_t index);

}  // namespace wedlm::load
