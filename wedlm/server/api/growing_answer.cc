#include "wedlm/server/api/growing_answer.h"

#include <algorithm>

namespace wedlm::server {
namespace {

constexpr std::string_view kEndOfThinking = "\n</think>\n\n";

/// As if it had been one request. Times of a first token are those of the first.
void append(Result& result, Result next) {
  RequestStats& sum = result.stats;
  const RequestStats& more = next.stats;
  result.token_ids.insert(result.token_ids.end(), next.token_ids.begin(), next.token_ids.end());
  result.scores.insert(result.scores.end(), next.scores.begin(), next.scores.end());
  result.text += next.text;
  result.finish_reason = next.finish_reason;
  result.error = std::move(next.error);
  sum.generated_tokens += more.generated_tokens;
  sum.prefill_forwards += more.prefill_forwards;
  sum.decode_forwards += more.decode_forwards;
  sum.prompt_rows += more.prompt_rows;
  sum.decode_rows += more.decode_rows;
  sum.preemptions += more.preemptions;
  sum.decode_seconds += more.queue_seconds + more.prefill_seconds + more.decode_seconds;
  sum.drafts.add(more.drafts);
}

}  // namespace

GrowingAnswer::GrowingAnswer(std::size_t index, Request request, const ThinkingRules& thinking, Engine& engine,
                             const Tokenizer& tokenizer)
    : index_(index),
      request_(std::move(request)),
      thinking_(thinking),
      engine_(engine),
      tokenizer_(tokenizer),
      split_(thinking.begins_inside),
      max_tokens_(request_.params.max_tokens) {
  grown_.answer = index;
  if (thinking_.is_split && thinking_.budget && *thinking_.budget < max_tokens_) {
    is_last_leg_ = false;
    request_.params.max_tokens = std::max(*thinking_.budget, 1);
  }
}

void GrowingAnswer::submit() {
  stream_ = engine_.submit(request_);
}

std::optional<AnswerDelta> GrowingAnswer::next() {
  if (finished_ || !stream_) return std::nullopt;
  AnswerDelta delta{.answer = index_};
  bool has_grown = false;
  while (std::optional<StreamEvent> event = stream_->try_next()) {
    add(delta, std::move(*event));
    has_grown = true;
    if (request_.report_window) break;  // each step is shown by itself
  }
  if (stream_->is_finished()) {
    end_leg(delta);
    has_grown = true;
  }
  return has_grown ? std::optional(std::move(delta)) : std::nullopt;
}

void GrowingAnswer::add(AnswerDelta& delta, StreamEvent event) {
  if (thinking_.is_split) {
    const ReasoningSplit::Parts parts = split_.add(event.text);
    delta.text += parts.content;
    delta.reasoning += parts.reasoning;
    grown_.text += parts.content;
    grown_.reasoning += parts.reasoning;
    count_thinking(event.token_ids);
    delta.num_thinking_tokens = grown_.num_thinking_tokens;
  } else {
    delta.text += event.text;
    grown_.text += event.text;
  }
  delta.event.append(std::move(event));
}

void GrowingAnswer::count_thinking(const std::vector<TokenId>& tokens) {
  if (is_thinking_over_) return;
  if (const auto closing = tokenizer_.find("</think>"); closing && !end_of_thinking_) {
    const auto found = std::ranges::find(tokens, *closing);
    if (found != tokens.end()) end_of_thinking_ = num_tokens_ + static_cast<std::size_t>(found - tokens.begin()) + 1;
  }
  num_tokens_ += tokens.size();
  if (!split_.has_opened()) return;
  is_thinking_over_ = !split_.is_inside();
  grown_.num_thinking_tokens = is_thinking_over_ ? end_of_thinking_.value_or(num_tokens_) : num_tokens_;
}

void GrowingAnswer::end_leg(AnswerDelta& delta) {
  Result result = stream_->wait();
  stream_.reset();
  const bool goes_on = !is_last_leg_ && result.finish_reason == FinishReason::kLength &&
                       result.stats.generated_tokens == request_.params.max_tokens;
  if (grown_.result.token_ids.empty()) {
    grown_.result = std::move(result);
  } else {
    append(grown_.result, std::move(result));
  }
  if (goes_on) return go_on(delta);
  if (thinking_.is_split) {
    const ReasoningSplit::Parts parts = split_.finish();
    delta.text += parts.content;
    delta.reasoning += parts.reasoning;
    grown_.text += parts.content;
    grown_.reasoning += parts.reasoning;
  }
  finished_ = std::move(grown_);
}

void GrowingAnswer::go_on(AnswerDelta& delta) {
  is_last_leg_ = true;
  std::vector<TokenId>& prompt = request_.prompt;
  const std::vector<TokenId>& thought = grown_.result.token_ids;
  prompt.insert(prompt.end(), thought.begin(), thought.end());
  if (split_.is_inside()) {
    StreamEvent ending{.token_ids = tokenizer_.encode(kEndOfThinking), .text = std::string(kEndOfThinking)};
    // They were put in and not chosen: each has a probability of 1.
    if (request_.params.logprobs) ending.scores.resize(ending.token_ids.size());
    prompt.insert(prompt.end(), ending.token_ids.begin(), ending.token_ids.end());
    Result& result = grown_.result;
    result.token_ids.insert(result.token_ids.end(), ending.token_ids.begin(), ending.token_ids.end());
    result.scores.insert(result.scores.end(), ending.scores.begin(), ending.scores.end());
    result.text += ending.text;
    const std::size_t num_generated = num_tokens_;
    add(delta, std::move(ending));
    grown_.num_inserted_tokens = grown_.num_thinking_tokens - num_generated;
  }
  request_.params.max_tokens = max_tokens_ - static_cast<std::int32_t>(grown_.result.stats.generated_tokens);
  submit();
}

}  // namespace wedlm::server
