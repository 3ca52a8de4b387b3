// Streaming parallel decoding, the algorithm of the original engine (WeDLM, section 4): a window of fixed size slides
// after the known tokens; each forward fills the positions whose prediction is certain enough; the leading filled run
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
  /// Filled positions first, then empty ones, each group ascending: a mask sees every guess.
  WindowRows rows(const RowRequest& request) override;
  Advance advance(std::span<const Prediction> predictions) override;
  std::span<const Window::Position> window() const override { return window_.positions(); }
  std::span<const float> entropies() const override { return entropies_; }

 private:
  bool is_worth_computing(int index, int tokens_left) const;

  int window_size_;
  WindowRefill refill_;
  SelectionRule rule_;
  Window window_;
  std::vector<TokenScore> scores_;  // of each position of the window, once it is filled
  std::vector<float> entropies_;    // of each position of the window
  std::vector<int> asked_;          // the empty positions of the rows given last, ascending
};

}  // namespace wedlm
