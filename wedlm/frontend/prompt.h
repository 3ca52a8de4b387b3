// What is asked, before it is tokens: a text, messages for a chat template with its arguments, or token ids.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wedlm/base/json.h"
#include "wedlm/base/token_id.h"

namespace wedlm {

enum class PromptForm {
  kChat,  // rendered by the checkpoint's chat template, where it has one
  kRaw,   // given to the model as it is; special tokens in the text count
};

enum class TurnEnd {
  kAnswer,    // an answer begins after the last message (add_generation_prompt)
  kContinue,  // the last message is the beginning of the answer (continue_final_message)
  kClosed,    // nothing is added: what follows is the model's choice
};

/// One of `messages`, `token_ids` and `text`; text in the form kChat is the message of a user.
struct Prompt {
  std::string source{};  // for error messages: "line 3 of prompts.jsonl"
  PromptForm form = PromptForm::kChat;
  std::string text{};
  std::vector<TokenId> token_ids{};
  Json messages{};  // an array of objects with a role, or null
  TurnEnd turn_end = TurnEnd::kAnswer;
  std::string continued_member = "content";  // of the last message, with kContinue: "reasoning_content", say
  Json template_arguments{};  // an object with tools, enable_thinking and whatever else the template knows, or null
};

/// The members of a request that are the prompt's.
std::span<const std::string_view> prompt_fields();

/// Reads {"prompt": "..."}, {"prompt": [1, 2]} or {"messages": [{"role": "user", "content": "..."}]} with, as they are
/// wanted, "raw" for a text, and for messages "tools", "documents", "enable_thinking", "add_generation_prompt",
/// "continue_final_message" (true, or the name of the member to continue) and "chat_template_kwargs", an object with
/// further arguments. null is the same as not given; other members are ignored. Throws InvalidInput with `source` and
/// the member's name.
Prompt prompt_of_json(const Json& object, const std::string& source);

/// What prompt_of_json() reads so.
Json prompt_json(const Prompt& prompt);

/// Of a request, "tools", "documents", "enable_thinking" and the members of "chat_template_kwargs", as prompt_of_json()
/// reads them.
Json template_arguments_of_json(const Json& object, const std::string& source);

/// The messages: those of the prompt, or its text as the message of a user.
Json messages_of(const Prompt& prompt);

/// The prompt with a system message in front, unless its messages begin with one. Throws InvalidInput for token ids.
Prompt with_system_message(Prompt prompt, const std::string& system);

/// The prompt with those of `defaults`, an object, that it does not give itself.
Prompt with_template_arguments(Prompt prompt, const Json& defaults);

}  // namespace wedlm
