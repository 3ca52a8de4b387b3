// Streaming parallel decoding, the algorithm of the original engine (WeDLM, section 4): a window of fixed size slides
// behind the known tokens; each forward fills the slots whose prediction is certain enough; the leading filled run
// becomes known. A fill is permanent.
//
// It yields the token ids of the original and differs from it in when they are known: a token is committed in the step
// that completes the leading run, not in the one that caches it.
#pragma once

#include <vector>

#include "wedlm/decode/decoder.h"
#include "wedlm/decode/selection.h"

namespace wedlm {

class StreamingDecoder final : public Decoder {
 public:
  explicit StreamingDecoder(const SamplingParams& params);

  bool predicts_after_known() const override { return false; }
  /// Filled slots first, then empty ones, each group ascending: a mask sees every guess.
  WindowRows rows(const RowRequest& request) override;
  Advance advance(std::span<const Prediction> predictions) override;
  std::span<const Window::Slot> slots() const override { return window_.slots(); }

 private:
  bool is_worth_computing(int slot, int first_empty, int tokens_left) const;

  int window_size_;
  WindowRefill refill_;
  SelectionRule rule_;
  Window window_;
  std::vector<int> asked_slots_;  // the empty slots of the rows given last, ascending
};

}  // namespace wedlm
