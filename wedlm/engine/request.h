// What is asked of the engine and what comes back: plain data, for every front end.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wedlm/base/named.h"
#include "wedlm/base/token_id.h"
#include "wedlm/decode/draft_statistics.h"
#include "wedlm/decode/sampling_params.h"
#include "wedlm/decode/token_score.h"
#include "wedlm/decode/window.h"

namespace wedlm {

struct Request {
  std::vector<TokenId> prompt;  // at least one token
  SamplingParams params;
  int priority = 0;            // larger is served first; first come, first served within one priority
  bool report_window = false;  // events carry the window, to be shown
  /// Events that may wait for the reader, at least 1; later ones are added to the last of them. More than one is for a
  /// reader that shows each step.
  int max_waiting_events = 1;
  /// Called by the engine's thread when there is an event to take where there was none, and at the end: to read without
  /// a thread that waits (ResponseStream). It must do nothing but post: the engine stands still meanwhile, and a call
  /// of the stream or of the engine from here may wait for ever. Where it throws, the request is cancelled. It may be
  /// called once more than there is something to take.
  std::function<void()> on_ready{};
};

enum class FinishReason {
  kStop,       // an end-of-text or stop token, or a stop text
  kLength,     // max_tokens, or the longest sequence that the engine serves
  kCancelled,  // by the client
  kError,      // the step it was in failed; Result::error says why
};

inline constexpr std::array kFinishReasons = {
    Named{FinishReason::kStop, "stop"}, Named{FinishReason::kLength, "length"},
    Named{FinishReason::kCancelled, "cancelled"}, Named{FinishReason::kError, "error"}};
std::string_view finish_reason_name(FinishReason reason);

/// Counts and times of one request. A row is one token or mask going through the model once.
struct RequestStats {
  std::int64_t prompt_tokens = 0;
  std::int64_t cached_prompt_tokens = 0;  // found in the prefix cache at first admission
  std::int64_t generated_tokens = 0;
  std::int64_t first_tokens = 0;      // of these, given by the first forward that decoded
  std::int64_t prefill_forwards = 0;  // that held nothing but a part of the prompt
  std::int64_t decode_forwards = 0;   // that were asked for at least one prediction, the last too
  std::int64_t prompt_rows = 0;       // rows of prompt tokens that choose none, again after a preemption
  std::int64_t decode_rows = 0;       // all other rows: of what chooses a token, known ones, guesses and masks
  std::int64_t preemptions = 0;
  DraftCounts drafts;                      // of the modes that verify; else empty
  double queue_seconds = 0;                // from submit to the first forward
  double prefill_seconds = 0;              // from the first forward to the end of the first that decoded
  double decode_seconds = 0;               // from there to the end
  double time_to_first_token_seconds = 0;  // from submit

  std::int64_t forwards() const { return prefill_forwards + decode_forwards; }
  std::int64_t rows() const { return prompt_rows + decode_rows; }
  /// Generated tokens over the forwards that decoded; 0 where there were none.
  double tokens_per_forward() const;
  /// Prefix cacheability: generated tokens over decode rows (WeDLM, eq. 4); 0 where there were none.
  double cacheability() const;
  /// Rows of a decoding forward; 0 where there were none.
  double rows_per_forward() const;
  /// Forwards that decoding one token at a time would have taken beyond those of this request.
  std::int64_t forwards_saved() const { return generated_tokens - decode_forwards; }
  /// Tokens that later forwards gave than the first decoding one: those that decode_seconds was spent on.
  std::int64_t num_later_tokens() const { return generated_tokens - first_tokens; }

  // Tokens a second; 0 where no time was taken.
  double speed() const;          // generated, over the whole time from the first forward to the end
  double prefill_speed() const;  // computed of the prompt, over the time until the first decoding forward has ended
  double decode_speed() const;   // later tokens, over decode_seconds
};

/// A part of an event's text that came from drafts, which a forward has verified.
struct VerifiedText {
  std::size_t first_byte = 0;
  std::size_t num_bytes = 0;
};

/// What the answer grew by: in one step, or in several where nobody took the event in between.
struct StreamEvent {
  std::vector<TokenId> token_ids;  // newly committed
  std::vector<TokenScore> scores;  // one for each, where log-probabilities were asked for
  std::string text;                // complete UTF-8, no special tokens, nothing of a stop text
  // Where the window was asked for:
  std::vector<VerifiedText> verified;    // ascending, not empty
  std::vector<Window::Position> window;  // as the last step left it: the positions after the committed tokens
  std::vector<float> entropies;          // one for each of them, in nats, as Decoder::entropies()
  std::vector<TokenId> rejected;         // drafts that the last step has refused

  /// Adds what the next step brought.
  void append(StreamEvent next);
};

struct Result {
  std::vector<TokenId> token_ids;  // with the token that ended it, if one did
  /// One for each token, where SamplingParams::logprobs asked for them: natural logarithms of raw probabilities, before
  /// adjustments, temperature and filters. Of a token that a mask predicted (streaming) they are that mask's, which saw
  /// less text than stands before the token in the end; in every other mode they are those of the token before it, as
  /// autoregressive decoding has them, also where the token was a draft.
  std::vector<TokenScore> scores;
  std::string text;
  FinishReason finish_reason = FinishReason::kStop;
  std::optional<std::string> stop_text{};  // that ended it; none where a token or the length did
  std::string error;
  /// The one that was used. Given to the same request it gives the same text; not that of a gated request which had
  /// none, since that learned from others (learns_alone()).
  std::uint64_t seed = 0;
  RequestStats stats;
};

}  // namespace wedlm
