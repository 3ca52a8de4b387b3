// What one call to an API asks for, whichever API it came through.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "wedlm/base/json.h"
#include "wedlm/frontend/chat_request.h"

namespace wedlm::server {

struct Call {
  std::vector<ChatRequest> requests{};  // one; of /v1/completions one for each prompt
  std::string model{};                  // as it was asked for; empty where it was not
  std::string prompt_member{};          // the member that has the prompt, for messages about it: "messages"
  bool is_streamed = false;

  // What the answer shows beside the text:
  bool shows_usage = false;         // in a stream, after the last answer
  bool shows_usage_always = false;  // and in every event before
  bool shows_window = false;        // the guesses in the window, step by step
  bool shows_token_ids = false;
  bool shows_prompt = false;         // in front of the answer (echo)
  Json repeated = Json::object({});  // members of the call that its answer has again

  std::optional<std::int32_t> thinking_budget{};  // most tokens before an answer's thinking is ended; 0 and more
  std::vector<std::string> unknown_members{};     // that were ignored
};

/// What holds where a call says nothing, and the most that it may ask for: what the server's operator decided.
struct CallRules {
  SamplingSettings settings{};
  int max_answers = 128;  // n, over all prompts of a call
  /// Largest values of numeric sampling options by their JSON names, as max_tokens.
  std::vector<JsonMember> limits{};
  bool shows_usage = false;  // as if every stream had asked
};

}  // namespace wedlm::server
