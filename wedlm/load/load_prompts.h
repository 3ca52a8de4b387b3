// What is asked, request after request: given prompts in turn, or prompts made to a length, no two of which begin
// alike, so that no server finds them in its prefix cache.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "wedlm/base/json.h"

namespace wedlm::load {

enum class Endpoint { kChat, kCompletions };

/// "/chat/completions" or "/completions".
std::string endpoint_path(Endpoint endpoint);

struct MadePrompts {
  std::int64_t num_words = 64;
  std::int64_t num_shared_words = 0;  // that all begin with, before their own
  std::uint64_t seed = 0;
};

/// Prompt `index` of these: plain English words with a blank between, which are about a token each. The first word
/// after the shared ones differs among any 256 prompts in a row, the first two among any 65536.
std::string made_prompt(const MadePrompts& made, std::int64_t index);

class LoadPrompts {
 public:
  explicit LoadPrompts(MadePrompts made) : made_(made) {}
  /// `given` are the members of requests that say what is asked, {"messages": [...]} or {"prompt": ...}; at least one.
  explicit LoadPrompts(std::vector<Json> given) : given_(std::move(given)) {}

  /// Those members of request `index`.
  Json members(Endpoint endpoint, std::int64_t index) const;

 private:
  MadePrompts made_;
  std::vector<Json> given_;  // empty: they are made
};

}  // namespace wedlm::load
