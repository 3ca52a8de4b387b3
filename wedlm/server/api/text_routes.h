// Routes that turn text into tokens and back, without a model's answer.
#pragma once

#include "wedlm/base/json.h"
#include "wedlm/server/api/served_model.h"
#include "wedlm/server/wire/call.h"

namespace wedlm::server {

/// {"prompt": text} or {"messages": [...]} into {"tokens", "count", "max_model_len"}, with "token_strs" where
/// "return_token_strs" asks. "add_special_tokens" is for a text alone.
Json tokenize(const Json& body, const CallRules& rules, const ServedModel& served);

/// {"tokens": [...]} into {"prompt": text}
Json detokenize(const Json& body, const CallRules& rules, const ServedModel& served);

/// {"messages": [...]} into {"prompt": text}, as the model reads it.
Json apply_template(const Json& body, const CallRules& rules, const ServedModel& served);

/// Anthropic's messages into {"input_tokens": N}.
Json count_tokens(const Json& body, const CallRules& rules, const ServedModel& served);

}  // namespace wedlm::server
