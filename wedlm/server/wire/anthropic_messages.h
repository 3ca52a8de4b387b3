// POST /v1/messages, as Anthropic's API reference describes it, so that its clients connect; and what its
// /v1/messages/count_tokens reads.
#pragma once

#include <memory>

#include "wedlm/server/wire/answer_writer.h"

namespace wedlm::server {

/// Throws ApiError naming the member that is wrong.
Call read_messages_call(const Json& body, const CallRules& rules);

/// The prompt alone, without what only an answer needs. Throws as read_messages_call().
Call read_count_tokens_call(const Json& body, const CallRules& rules);

std::unique_ptr<AnswerWriter> make_messages_writer(AnswerContext context);

}  // namespace wedlm::server
