// Reads the members of a call's body, each by its name, and says in an ApiError which one was wrong. What nobody has
// asked for in the end is unknown: it is ignored, and counted.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "wedlm/base/error.h"
#include "wedlm/base/json.h"
#include "wedlm/frontend/sampling_settings.h"
#include "wedlm/server/wire/api_failure.h"
#include "wedlm/server/wire/call.h"

namespace wedlm::server {

class CallReader {
 public:
  /// `body` and `rules` outlive this. Throws ApiError for a body that is no object.
  CallReader(const Json& body, const CallRules& rules);

  const Json& body() const { return body_; }

  /// nullptr where it is absent or null. The other readers throw ApiError for a value of another kind or out of range.
  const Json* find(std::string_view name);
  bool boolean(std::string_view name, bool fallback);
  std::optional<std::int64_t> integer(std::string_view name, std::int64_t low, std::int64_t high);
  std::optional<std::string> text(std::string_view name);
  /// A member that has to be there.
  const Json& required(std::string_view name, std::string_view expected);

  /// Members that are known and change nothing here.
  void ignore(std::initializer_list<std::string_view> names);
  /// Throws ApiError for a member that asks for what is not built; null, false, and empty lists and objects ask for
  /// nothing.
  void refuse_unbuilt(std::string_view name, std::string_view message);

  /// Takes a member, where it is there, as the sampling option of that JSON name.
  void give(SamplingSettings& settings, std::string_view name, std::string_view option);
  /// All members that are called as a sampling option is in JSON or in the original engine, but for those taken before.
  void give_all(SamplingSettings& settings);

  /// "model", "stream", and what every API of ours takes besides: "priority", "thinking_budget", "return_token_ids".
  Call begin_call(std::string prompt_member = "messages");
  /// The messages with what a chat template is told: checks them and their roles, and makes one text of the parts of a
  /// content. `param` is the member that they came in.
  Prompt chat_prompt(const Json& messages, const std::string& param = "messages");
  /// A text, by itself a prompt, with the same members checked.
  Prompt text_prompt(const std::string& text, const std::string& param = "prompt");
  /// "n", 1 where it is absent; `num_prompts` times that must be allowed.
  int num_answers(std::size_t num_prompts);
  /// What is left of the members is unknown.
  void end_call(Call& call) const;

 private:
  Prompt prompt_of(const char* kind, Json contents, const std::string& param);
  void check_limit(std::string_view option, std::string_view name, const Json& value) const;

  const Json& body_;
  const CallRules& rules_;
  std::set<std::string, std::less<>> known_;
};

/// A message of a chat with one text in place of the parts of its content. Throws ApiError about `param` or a member of
/// it where it is no object, lacks a role or a content, or has an unknown role or parts that are no text.
Json checked_message(const std::string& param, const Json& message);

/// Runs `read` and turns an InvalidInput into an ApiError about this member.
template <class Read>
auto with_param(std::string_view param, Read&& read) {
  try {
    return read();
  } catch (const InvalidInput& error) {
    refuse(std::string(param), error.what());
  }
}

}  // namespace wedlm::server
