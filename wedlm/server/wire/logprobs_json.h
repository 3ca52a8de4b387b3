// Log-probabilities of tokens in OpenAI's two shapes. JSON has no word for minus infinity: it is written as -9999, as
// OpenAI does.
#pragma once

#include <cstddef>
#include <span>

#include "wedlm/base/json.h"
#include "wedlm/decode/token_score.h"
#include "wedlm/text/tokenizer.h"

namespace wedlm::server {

/// Of chats: {"content": [{"token", "logprob", "bytes", "top_logprobs": [{"token", "logprob", "bytes"}]}]}
Json chat_logprobs_json(std::span<const TokenId> tokens, std::span<const TokenScore> scores,
                        const Tokenizer& tokenizer);

/// Of text completions: {"tokens", "token_logprobs", "top_logprobs": [{token: logprob}], "text_offset"}. The first
/// token begins `offset` characters after the beginning of the text, and `offset` is moved behind the last one.
Json completions_logprobs_json(std::span<const TokenId> tokens, std::span<const TokenScore> scores,
                               const Tokenizer& tokenizer, std::size_t& offset);

}  // namespace wedlm::server
