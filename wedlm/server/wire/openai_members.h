// Members that OpenAI's chat and text completions share, with the same rules.
#pragma once

#include "wedlm/server/wire/call_reader.h"

namespace wedlm::server {

/// max_tokens, stream_options, logit_bias and the other members of sampling, and what changes nothing here or is not
/// built. Each API's own members have to be read before.
void read_openai_members(CallReader& reader, const CallRules& rules, Call& call);

}  // namespace wedlm::server
