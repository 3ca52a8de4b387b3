// POST /v1/chat/completions, as OpenAI's API reference describes it, with the members that vLLM adds.
#pragma once

#include <memory>

#include "wedlm/server/wire/answer_writer.h"

namespace wedlm::server {

/// Throws ApiError naming the member that is wrong.
Call read_chat_call(const Json& body, const CallRules& rules);

std::unique_ptr<AnswerWriter> make_chat_writer(AnswerContext context);

}  // namespace wedlm::server
