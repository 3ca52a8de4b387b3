// A prompt's messages as the text that a model reads, to the letter as Hugging Face's apply_chat_template makes it.
#pragma once

#include <string>

#include "wedlm/frontend/prompt.h"
#include "wedlm/text/chat_template.h"

namespace wedlm {

/// The text that the template makes of a prompt's messages, turn end and arguments. Members of messages that are null
/// are left out, and reasoning under any of its names (reasoning_content, thinking, reasoning) is found by templates
/// that know another. Throws InvalidInput: as ChatTemplate::render(), and where a message that is to be continued has
/// no text or does not stand in what the template makes.
std::string render_prompt(const ChatTemplate& chat_template, const Prompt& prompt);

}  // namespace wedlm
