// libFuzzer: any bytes as the body of any route that generates or counts, read as the server reads it: as they are, or
// as members that bodies have, with values of every kind. A body may be refused with an ApiError, whose message can be
// written, or with InvalidInput; anything else that is thrown is a bug. What is read has to be within its ranges, and
// its prompt is rendered by a template.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "tests/server/wire/fuzz_bytes.h"
#include "wedlm/base/error.h"
#include "wedlm/frontend/render_prompt.h"
#include "wedlm/server/wire/anthropic_messages.h"
#include "wedlm/server/wire/openai_chat.h"
#include "wedlm/server/wire/openai_completions.h"
#include "wedlm/server/wire/openai_responses.h"
#include "wedlm/text/chat_template.h"

namespace {

using namespace wedlm;

/// Of members, and of values.
constexpr auto kNames = std::to_array<std::string_view>({"messages",
                                                         "role",
                                                         "content",
                                                         "type",
                                                         "text",
                                                         "user",
                                                         "assistant",
                                                         "system",
                                                         "prompt",
                                                         "input",
                                                         "model",
                                                         "stream",
                                                         "stream_options",
                                                         "include_usage",
                                                         "continuous_usage_stats",
                                                         "window",
                                                         "max_tokens",
                                                         "max_completion_tokens",
                                                         "max_output_tokens",
                                                         "n",
                                                         "best_of",
                                                         "echo",
                                                         "suffix",
                                                         "stop",
                                                         "stop_sequences",
                                                         "stop_token_ids",
                                                         "logprobs",
                                                         "top_logprobs",
                                                         "include",
                                                         "message.output_text.logprobs",
                                                         "logit_bias",
                                                         "5",
                                                         "temperature",
                                                         "top_p",
                                                         "top_k",
                                                         "seed",
                                                         "mode",
                                                         "exact",
                                                         "window_size",
                                                         "auto",
                                                         "entropy_threshold",
                                                         "none",
                                                         "pos_penalty",
                                                         "wedlm_window_size",
                                                         "preset",
                                                         "fast",
                                                         "thinking",
                                                         "thinking_budget",
                                                         "enabled",
                                                         "budget_tokens",
                                                         "instructions",
                                                         "metadata",
                                                         "input_text",
                                                         "output_text",
                                                         "reasoning",
                                                         "message",
                                                         "refusal",
                                                         "tool",
                                                         "tools",
                                                         "tool_calls",
                                                         "tool_choice",
                                                         "function",
                                                         "response_format",
                                                         "format",
                                                         "json_object",
                                                         "chat_template_kwargs",
                                                         "enable_thinking",
                                                         "documents",
                                                         "add_generation_prompt",
                                                         "continue_final_message",
                                                         "previous_response_id",
                                                         "priority",
                                                         "return_token_ids",
                                                         "raw"});

void expect(bool holds) {
  if (!holds) std::abort();
}

/// With what a body of each API has to have, where it is not there already: the other members are read then.
Json completed(Json body) {
  static const Json needed = parse_json(
      R"({"messages": [{"role": "user", "content": "a"}], "prompt": "a", "input": "a", "max_tokens": 5})", "members");
  for (const JsonMember& member : needed.as_object()) {
    if (body.find(member.key) == nullptr) body.set(member.key, member.value);
  }
  return body;
}

void check_refusal(const server::ApiFailure& failure) {
  expect(failure.status == 400 && !failure.message.empty());
  for (const Json& body : {server::openai_error(failure), server::anthropic_error(failure)}) {
    const std::string text = write_json(body);
    expect(parse_json(text, "an error") == body);
  }
}

void check_call(const server::Call& call, const server::CallRules& rules) {
  static const ChatTemplate plain("{% for m in messages %}{{ m.role + m.content }}{% endfor %}");
  expect(!call.requests.empty() && !call.prompt_member.empty());
  expect(!call.thinking_budget || *call.thinking_budget >= 0);
  std::int64_t num_answers = 0;
  for (const ChatRequest& request : call.requests) {
    num_answers += request.num_answers;
    const SamplingParams params = request.settings.params({});
    expect(params.max_tokens >= 1 && params.temperature >= 0);
    if (request.prompt.form == PromptForm::kChat) (void)render_prompt(plain, request.prompt);
  }
  expect(num_answers >= 1 && num_answers <= rules.max_answers);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr std::array kReaders = {server::read_chat_call, server::read_completions_call,
                                          server::read_responses_call, server::read_messages_call,
                                          server::read_count_tokens_call};
  static const server::CallRules rules{.max_answers = 16, .limits = {{.key = "max_tokens", .value = 100}}};
  FuzzBytes bytes(data, size);
  const auto read = kReaders[bytes.below(kReaders.size())];
  Json body;
  if (bytes.flag()) {
    body = completed(bytes.object(kNames));
  } else {
    try {
      body = parse_json(bytes.rest(), "the body");
    } catch (const InvalidInput&) {
      return 0;
    }
  }
  try {
    check_call(read(body, rules), rules);
  } catch (const server::ApiError& error) {
    check_refusal(error.failure());
  } catch (const InvalidInput&) {  // of the template
  }
  return 0;
}
