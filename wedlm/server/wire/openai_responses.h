// POST /v1/responses: text in and text out, as OpenAI's API reference describes it. Nothing is stored here, so what
// refers to stored responses is refused.
#pragma once

#include <memory>

#include "wedlm/server/wire/answer_writer.h"

namespace wedlm::server {

/// Throws ApiError naming the member that is wrong.
Call read_responses_call(const Json& body, const CallRules& rules);

std::unique_ptr<AnswerWriter> make_responses_writer(AnswerContext context);

}  // namespace wedlm::server
