#include "wedlm/engine/sequence.h"

#include <algorithm>
#include <random>
#include <utility>

namespace wedlm {
namespace {

/// 53 bits, so that it survives the way through JSON readers that have only doubles.
std::uint64_t fresh_seed() {
  std::random_device device;
  return ((std::uint64_t{device()} << 32) | device()) >> 11;
}

double seconds(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

bool contains(const std::vector<TokenId>& tokens, TokenId token) {
  return std::ranges::find(tokens, token) != tokens.end();
}

}  // namespace

Sequence::Sequence(Request request, std::uint64_t arrival, const SequenceLimits& limits,
                   DraftStatistics& draft_statistics)
    : channel_(std::make_shared<ResponseChannel>(std::move(request.on_ready), request.max_waiting_events)),
      params_(std::move(request.params)),
      priority_(request.priority),
      report_window_(request.report_window),
      arrival_(arrival),
      seed_(params_.seed.value_or(0)),
      limits_(limits),
      tokens_(std::move(request.prompt)),
      num_prompt_tokens_(static_cast<std::int64_t>(tokens_.size())),
      decoder_(make_decoder(params_, draft_statistics)),
      adjuster_(params_.adjustments, tokens_),
      output_(limits.tokenizer, params_.stop),
      submitted_(Clock::now()) {
  if (!params_.seed) seed_ = fresh_seed();
  stats_.prompt_tokens = num_prompt_tokens_;
}

int Sequence::tokens_left() const {
  const std::int64_t generated = num_tokens() - num_prompt_tokens_;
  return static_cast<int>(std::min(params_.max_tokens - generated, limits_.max_model_len - num_tokens()));
}

SamplingRow Sequence::sampling_row(std::int32_t offset, std::span<const SeenGuess> guesses) const {
  return {.adjustments = adjuster_.of_row(tokens_, guesses, offset),
          .temperature = params_.temperature,
          .filters = params_.filters,
          .seed = seed_,
          .position = num_tokens() + offset,
          .banned = limits_.mask_token_id,
          .wants_drawn = params_.mode == DecodeMode::kGated,
          .num_alternatives = params_.logprobs.value_or(0)};
}

void Sequence::admitted(std::int64_t num_cached) {
  num_cached_ = num_cached;
  if (!std::exchange(was_admitted_, true)) stats_.cached_prompt_tokens = std::min(num_cached, num_prompt_tokens_);
}

void Sequence::preempted() {
  num_cached_ = 0;
  ++stats_.preemptions;
}

void Sequence::started(Clock::time_point now) {
  if (!started_) started_ = now;
}

void Sequence::cached(std::int64_t num_known_rows) {
  const std::int64_t prompt_rows = std::clamp<std::int64_t>(num_prompt_tokens_ - num_cached_, 0, num_known_rows);
  stats_.prompt_rows += prompt_rows;
  stats_.decode_rows += num_known_rows - prompt_rows;
  ++stats_.prefill_forwards;  // until decoded() says that it was more than that
  num_cached_ += num_known_rows;
}

void Sequence::decoded(std::int64_t num_window_rows, std::span<const Prediction> predictions, Clock::time_point now) {
  --stats_.prefill_forwards;
  ++stats_.decode_forwards;
  stats_.decode_rows += num_window_rows;
  if (predicts_after_known() && num_tokens() == num_prompt_tokens_) {  // the prompt's last row chooses a token
    --stats_.prompt_rows;
    ++stats_.decode_rows;
  }
  if (!first_decode_) first_decode_ = now;
  const std::size_t first_new = tokens_.size();
  Advance advance = decoder_->advance(predictions);
  if (!advance.tokens.empty() && !first_token_) first_token_ = now;
  StreamEvent event;
  std::size_t verified_bytes = 0;
  for (std::size_t i = 0; i < advance.tokens.size() && !is_finished(); ++i) {
    append(advance.tokens[i]);
    if (params_.logprobs) event.scores.push_back(std::move(advance.scores[i]));
    if (static_cast<int>(i) >= advance.num_cached) continue;
    ++num_cached_;
    verified_bytes = output_.ready_bytes();
  }
  if (stats_.decode_forwards == 1) stats_.first_tokens = stats_.generated_tokens;
  if (report_window_ && verified_bytes > 0) event.verified.push_back({.first_byte = 0, .num_bytes = verified_bytes});
  emit(first_new, std::move(event));
}

void Sequence::append(TokenId token) {
  tokens_.push_back(token);
  adjuster_.add(token);
  ++stats_.generated_tokens;
  const bool is_eos = !params_.ignore_eos && contains(limits_.eos_token_ids, token);
  if (is_eos || contains(params_.stop_token_ids, token) || output_.add(token)) {
    finish_reason_ = FinishReason::kStop;
  } else if (tokens_left() <= 0) {
    finish_reason_ = FinishReason::kLength;
  }
}

void Sequence::emit(std::size_t first_new_token, StreamEvent event) {
  if (is_finished()) output_.finish();
  event.token_ids.assign(tokens_.begin() + static_cast<std::ptrdiff_t>(first_new_token), tokens_.end());
  event.text = output_.take();
  text_ += event.text;
  scores_.insert(scores_.end(), event.scores.begin(), event.scores.end());
  if (report_window_ && !is_finished()) {
    const auto window = decoder_->window();
    event.window.assign(window.begin(), window.end());
    const auto entropies = decoder_->entropies();
    event.entropies.assign(entropies.begin(), entropies.end());
    const auto rejected = decoder_->rejected();
    event.rejected.assign(rejected.begin(), rejected.end());
  }
  if (!event.token_ids.empty() || !event.text.empty() || report_window_) channel_->push(std::move(event));
}

void Sequence::abort(FinishReason reason, const std::string& error) {
  if (is_finished()) return;
  finish_reason_ = reason;
  error_ = error;
  emit(tokens_.size(), {});
}

void Sequence::close(Clock::time_point now) {
  if (started_) {
    const Clock::time_point decode_start = first_decode_.value_or(now);
    stats_.queue_seconds = seconds(submitted_, *started_);
    stats_.prefill_seconds = seconds(*started_, decode_start);
    stats_.decode_seconds = seconds(decode_start, now);
  }
  if (first_token_) stats_.time_to_first_token_seconds = seconds(submitted_, *first_token_);
  if (const DraftCounts* counts = draft_counts()) stats_.drafts = *counts;
  Result result{.token_ids = {tokens_.begin() + num_prompt_tokens_, tokens_.end()},
                .scores = std::move(scores_),
                .text = std::move(text_),
                .finish_reason = finish_reason_.value_or(FinishReason::kCancelled),
                .stop_text = output_.stop_text(),
                .error = std::move(error_),
                .seed = seed_,
                .stats = stats_};
  channel_->finish(std::move(result));
}

}  // namespace wedlm
