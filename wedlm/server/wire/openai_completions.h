// POST /v1/completions: text or token ids that go on, as OpenAI's API reference describes it.
#pragma once

#include <memory>

#include "wedlm/server/wire/answer_writer.h"

namespace wedlm::server {

/// Throws ApiError naming the member that is wrong.
Call read_completions_call(const Json& body, const CallRules& rules);

std::unique_ptr<AnswerWriter> make_completions_writer(AnswerContext context);

}  // namespace wedlm::server
