// One request as the engine sees it: its tokens, how many of them are cached, its decoder, and how it ends. This is the
// only place that knows max_tokens, stop tokens and stop texts.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "wedlm/base/prediction.h"
#include "wedlm/decode/decoder.h"
#include "wedlm/decode/logit_adjuster.h"
#include "wedlm/engine/block_manager.h"
#include "wedlm/engine/output_text.h"
#include "wedlm/engine/request.h"
#include "wedlm/engine/response_channel.h"

namespace wedlm {

using Clock = std::chrono::steady_clock;

/// What every sequence of an engine shares.
struct SequenceLimits {
  const Tokenizer* tokenizer = nullptr;
  std::vector<TokenId> eos_token_ids;
  TokenId mask_token_id = kNoToken;
  std::int64_t max_model_len = 0;
};

/// The rows of an automatic window before the scheduler has shared out rows for the first time.
inline constexpr int kFirstWindowRows = 8;

class Sequence {
 public:
  /// `draft_statistics` must outlive it, as must `limits`.
  Sequence(Request request, std::uint64_t arrival, const SequenceLimits& limits, DraftStatistics& draft_statistics);

  /// What the client reads the answer from.
  const std::shared_ptr<ResponseChannel>& channel() const { return channel_; }
  const SamplingParams& params() const { return params_; }
  int priority() const { return priority_; }
  std::uint64_t arrival() const { return arrival_; }  // counts requests

  /// Prompt and committed tokens, all final.
  std::span<const TokenId> tokens() const { return tokens_; }
  std::int64_t num_tokens() const { return static_cast<std::int64_t>(tokens_.size()); }
  std::int64_t num_cached() const { return num_cached_; }  // leading tokens whose K/V is in the block table's pages
  std::int64_t num_pending() const { return num_tokens() - num_cached_; }
  /// Waits for no more than a decode step leaves over: its next rows only make sense together with its window.
  bool is_decoding() const { return num_pending() <= max_pending_per_step(params_); }
  /// Tokens that may still be committed; at least 1 until it is finished.
  int tokens_left() const;

  BlockTable& block_table() { return block_table_; }
  const BlockTable& block_table() const { return block_table_; }

  bool predicts_after_known() const { return decoder_->predicts_after_known(); }
  /// Of a sequence that takes as many window rows as pay: what each is expected to bring. Valid until the next call.
  std::span<const float> row_values() { return decoder_->row_values(row_request()); }
  void set_max_window_rows(int max_rows) { max_window_rows_ = max_rows; }
  WindowRows window_rows() { return decoder_->rows(row_request()); }
  /// How the row is sampled that predicts the token `offset` positions after the known ones and sees these guesses.
  SamplingRow sampling_row(std::int32_t offset, std::span<const SeenGuess> guesses) const;

  // What the scheduler tells.
  void admitted(std::int64_t num_cached);
  void preempted();
  void started(Clock::time_point now);
  std::int64_t last_step() const { return last_step_; }
  void set_last_step(std::int64_t step) { last_step_ = step; }

  /// A forward stored the K/V of that many pending tokens.
  void cached(std::int64_t num_known_rows);
  /// It also computed the window's rows; these are the answers. Appends what became known, decides whether the sequence
  /// ends, and streams it.
  void decoded(std::int64_t num_window_rows, std::span<const Prediction> predictions, Clock::time_point now);

  /// So far; times and drafts are there when it is closed.
  const RequestStats& stats() const { return stats_; }
  const DraftCounts* draft_counts() const { return decoder_->draft_counts(); }

  bool is_finished() const { return finish_reason_.has_value(); }
  /// Ends it for another reason than its tokens; nothing happens to one that has ended.
  void abort(FinishReason reason, const std::string& error = {});
  /// Gives the result to the client. The last call.
  void close(Clock::time_point now);

 private:
  RowRequest row_request() const {
    return {.known = tokens_, .tokens_left = tokens_left(), .max_rows = max_window_rows_};
  }
  /// Appends one token, which may finish the sequence.
  void append(TokenId token);
  /// Streams the tokens from the given one on, and what the event has already.
  void emit(std::size_t first_new_token, StreamEvent event);

  std::shared_ptr<ResponseChannel> channel_;
  SamplingParams params_;
  int priority_;
  bool report_window_;
  std::uint64_t arrival_;
  std::uint64_t seed_;
  const SequenceLimits& limits_;

  std::vector<TokenId> tokens_;
  std::int64_t num_prompt_tokens_;
  std::int64_t num_cached_ = 0;
  BlockTable block_table_;
  std::unique_ptr<Decoder> decoder_;
  LogitAdjuster adjuster_;
  int max_window_rows_ = kFirstWindowRows;
  OutputText output_;
  std::string text_;
  std::vector<TokenScore> scores_;
  std::optional<FinishReason> finish_reason_;
  std::string error_;

  std::int64_t last_step_ = -1;
  RequestStats stats_;
  bool was_admitted_ = false;
  Clock::time_point submitted_;
  std::optional<Clock::time_point> started_, first_decode_, first_token_;
};

}  // namespace wedlm
