// libFuzzer: any answers, in any pieces, into the writer of any API. What comes out has to be what its content type
// says: JSON, or events that each have one line of JSON, all of it UTF-8 and without a bare NaN.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "tests/server/wire/fuzz_bytes.h"
#include "tests/support/data.h"
#include "wedlm/decode/sampling_options.h"
#include "wedlm/server/wire/anthropic_messages.h"
#include "wedlm/server/wire/openai_chat.h"
#include "wedlm/server/wire/openai_completions.h"
#include "wedlm/server/wire/openai_responses.h"

namespace {

using namespace wedlm;
using namespace wedlm::server;

constexpr std::size_t kMaxPieces = 64;

void expect(bool holds) {
  if (!holds) std::abort();
}

Json checked_json(std::string_view text) {
  expect(replace_ill_formed_utf8(text) == text && text.find('\n') == std::string_view::npos);
  Json value = parse_json(text, "what was written");
  expect(write_json(value) == text);
  return value;
}

void check_events(std::string_view stream) {
  constexpr std::string_view kEvent = "event: ";
  constexpr std::string_view kData = "data: ";
  while (!stream.empty()) {
    const std::size_t end = stream.find("\n\n");
    expect(end != std::string_view::npos);
    std::string_view event = stream.substr(0, end);
    stream.remove_prefix(end + 2);
    std::string_view name;
    if (event.starts_with(kEvent)) {
      name = event.substr(kEvent.size(), event.find('\n') - kEvent.size());
      event.remove_prefix(event.find('\n') + 1);
    }
    expect(event.starts_with(kData));
    event.remove_prefix(kData.size());
    if (event == "[DONE]") {
      expect(stream.empty());
      continue;
    }
    const Json value = checked_json(event);
    expect(name.empty() || value.at("type") == Json(name));
  }
}

const Tokenizer& tokenizer() {
  static const Tokenizer loaded = Tokenizer::load(nano_model());
  return loaded;
}

/// Rows past the vocabulary too, as models have them.
TokenId any_token(FuzzBytes& bytes) {
  const std::size_t high = bytes.below(10);
  return static_cast<TokenId>(256 * high + bytes.below(256));
}

float any_log_prob(FuzzBytes& bytes) {
  using Limits = std::numeric_limits<float>;
  static constexpr std::array kValues = {0.0F, -0.5F, -1e30F, -Limits::infinity(), Limits::quiet_NaN(), 1e-40F};
  return kValues[bytes.below(kValues.size())];
}

TokenScore any_score(FuzzBytes& bytes) {
  TokenScore score{.log_prob = any_log_prob(bytes), .alternatives = {}};
  for (std::size_t left = bytes.below(4); left > 0; --left)
    score.alternatives.push_back({any_token(bytes), any_log_prob(bytes)});
  return score;
}

StreamEvent any_event(FuzzBytes& bytes, bool has_scores) {
  StreamEvent event;
  event.text = bytes.text();
  for (std::size_t left = bytes.below(5); left > 0; --left) {
    event.token_ids.push_back(any_token(bytes));
    if (has_scores) event.scores.push_back(any_score(bytes));
  }
  for (std::size_t left = bytes.below(4); left > 0; --left) {
    const bool is_filled = bytes.flag();
    event.window.push_back({.token = is_filled ? any_token(bytes) : kNoToken, .filled = is_filled});
  }
  for (std::size_t left = bytes.below(3); left > 0; --left) event.rejected.push_back(any_token(bytes));
  for (std::size_t left = bytes.below(3); left > 0; --left)
    event.verified.push_back({.first_byte = bytes.below(9), .num_bytes = bytes.below(9)});
  return event;
}

AnswerContext any_context(FuzzBytes& bytes, bool has_scores) {
  ChatRequest request;
  request.num_answers = 1 + static_cast<int>(bytes.below(2));
  if (has_scores) request.settings.give(*find_json_option("logprobs"), 2);
  if (bytes.flag()) request.settings.give(*find_json_option("stop_token_ids"), Json::Array{any_token(bytes)});
  request.prompt = {.form = PromptForm::kRaw, .text = bytes.text()};
  AnswerContext context{.id = "1f", .model = bytes.text(), .created = 1000, .tokenizer = &tokenizer()};
  context.call.requests.assign(1 + bytes.below(2), request);
  context.call.shows_usage = bytes.flag();
  context.call.shows_usage_always = bytes.flag();
  context.call.shows_window = bytes.flag();
  context.call.shows_token_ids = bytes.flag();
  context.call.shows_prompt = bytes.flag();
  if (bytes.flag()) context.call.repeated.set("instructions", bytes.text());
  context.prompts.assign(context.call.requests.size(), {any_token(bytes)});
  return context;
}

/// An answer's next piece, which the answer has then.
AnswerDelta grow(FinishedAnswer& answer, FuzzBytes& bytes, bool has_scores) {
  AnswerDelta delta{.answer = answer.answer, .event = any_event(bytes, has_scores)};
  const bool is_thinking = bytes.flag();
  (is_thinking ? delta.reasoning : delta.text) = delta.event.text;
  (is_thinking ? answer.reasoning : answer.text) += delta.event.text;
  Result& result = answer.result;
  result.text += delta.event.text;
  result.token_ids.insert(result.token_ids.end(), delta.event.token_ids.begin(), delta.event.token_ids.end());
  result.scores.insert(result.scores.end(), delta.event.scores.begin(), delta.event.scores.end());
  if (is_thinking) answer.num_thinking_tokens = result.token_ids.size();
  delta.num_thinking_tokens = answer.num_thinking_tokens;
  return delta;
}

void end(FinishedAnswer& answer, FuzzBytes& bytes) {
  Result& result = answer.result;
  result.finish_reason = bytes.flag() ? FinishReason::kStop : FinishReason::kLength;
  if (bytes.flag()) result.stop_text = bytes.text();
  result.stats.generated_tokens = static_cast<std::int64_t>(result.token_ids.size());
  result.stats.decode_forwards = static_cast<std::int64_t>(bytes.below(9));
  result.stats.decode_seconds = bytes.flag() ? 1e300 : 0;
}

void run(AnswerWriter& writer, std::size_t num_answers, FuzzBytes bytes, bool has_scores) {
  std::vector<FinishedAnswer> answers(num_answers);
  for (std::size_t i = 0; i < num_answers; ++i) answers[i].answer = i;
  std::string stream = writer.begin();
  for (std::size_t pieces = 0; !bytes.empty() && pieces < kMaxPieces; ++pieces) {
    stream += writer.delta(grow(answers[bytes.below(num_answers)], bytes, has_scores));
  }
  const bool breaks_off = bytes.flag();
  if (breaks_off) {
    stream += writer.failed({.status = 500, .message = bytes.text(), .type = "server_error"});
  } else {
    for (FinishedAnswer& answer : answers) {
      end(answer, bytes);
      stream += writer.finished(answer);
    }
    stream += writer.end(answers);
  }
  check_events(stream);
  (void)checked_json(write_json(writer.whole(answers)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr std::array kWriters = {make_chat_writer, make_completions_writer, make_responses_writer,
                                          make_messages_writer};
  FuzzBytes bytes(data, size);
  const std::size_t api = bytes.below(kWriters.size());
  const bool has_scores = bytes.flag();
  AnswerContext context = any_context(bytes, has_scores);
  if (api >= 2) {  // of one prompt, with one answer
    context.call.requests.resize(1);
    context.call.requests.front().num_answers = 1;
    context.prompts.resize(1);
  }
  std::size_t num_answers = 0;
  for (const ChatRequest& request : context.call.requests) num_answers += static_cast<std::size_t>(request.num_answers);
  run(*kWriters[api](context), num_answers, bytes, has_scores);
  return 0;
}
