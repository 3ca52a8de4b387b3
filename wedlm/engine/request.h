// What is asked of the engine and what comes back: plain data, for every front end.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wedlm/base/named.h"
#include "wedlm/base/token_id.h"
#include "wedlm/decode/draft_statistics.h"
#include "wedlm/decode/sampling_params.h"
#include "wedlm/decode/window.h"

namespace wedlm {

struct Request {
  std::vector<TokenId> prompt;  // at least one token
  SamplingParams params;
  int priority = 0;            // larger is served first; first come, first served within one priority
  bool report_window = false;  // events carry the window, to be shown
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
  std::int64_t prefill_forwards = 0;  // that held nothing but a part of the prompt
  std::int64_t decode_forwards = 0;   // that were asked for at least one prediction, the last too
  std::int64_t prompt_rows = 0;       // rows of prompt tokens, again after a preemption
  std::int64_t decode_rows = 0;       // all other rows: known tokens, guesses and masks
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
};

/// What a step added to the answer.
struct StreamEvent {
  std::vector<TokenId> token_ids;  // newly committed
  std::string text;                // complete UTF-8, no special tokens, nothing of a stop text
  // Where the window was asked for:
  std::vector<Window::Slot> window;  // the slots behind the committed tokens
  int num_verified = 0;              // leading ones of token_ids that had been drafts ...
  std::size_t verified_bytes = 0;    // ... and the part of the text that was complete with them
  std::vector<TokenId> rejected;     // drafts that this step has refused
};

struct Result {
  std::vector<TokenId> token_ids;  // with the token that ended it, if one did
  std::string text;
  FinishReason finish_reason = FinishReason::kStop;
  std::string error;
  std::uint64_t seed = 0;  // the one that was used
  RequestStats stats;
};

}  // namespace wedlm
