// A conversation that grows turn by turn and is asked as a whole each time. The engine's prefix cache has the K/V of
// what was asked before, as long as its beginning stays as it was.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "wedlm/base/json.h"
#include "wedlm/frontend/prompt.h"
#include "wedlm/frontend/prompt_encoder.h"

namespace wedlm {

class Conversation {
 public:
  /// `template_arguments` as those of a Prompt.
  explicit Conversation(std::optional<std::string> system, Json template_arguments = {})
      : system_(std::move(system)), template_arguments_(std::move(template_arguments)) {}

  /// The system message stays.
  void forget() { messages_.clear(); }
  /// Forgets the conversation.
  void set_system(std::optional<std::string> system);

  /// User and assistant take turns, and the user begins.
  void add_user(const std::string& text);
  void add_assistant(const std::string& text);
  /// Takes a user's message back that could not be answered.
  void take_back();

  Prompt prompt() const;

  struct Encoded {
    std::vector<TokenId> prompt;
    std::size_t num_forgotten = 0;  // messages that the model does not see any more
  };
  /// The prompt as tokens. Where it has more than `room`, the oldest turns are forgotten until it has two thirds of
  /// that: the beginning changes seldom, and the prefix cache serves the turns in between. The last message stays,
  /// whatever its length. Throws as PromptEncoder::encode().
  Encoded encode(const PromptEncoder& encoder, std::size_t room);

 private:
  std::optional<std::string> system_;
  Json template_arguments_;
  Json::Array messages_;
};

}  // namespace wedlm
