// Streaming decoding whose guesses are verified: the modes exact and gated. What one forward guesses are drafts, which
// are known tokens to the next one; their next-token rows, computed anyway, tell what the model itself would have said.
//
//   known, cached | last known token | drafts  D0 D1 .. | masks      a window of the next forward
//                   says what D0 should have been, D0 what D1 should have been, ...
//
// The drafts up to the first that does not pass become text, and then the choice of the row after them, which follows
// text only. So each forward yields one token at least. In the exact mode a draft passes where it is the row's own
// choice: the text is that of autoregressive decoding with the same seed, because the noise of a draw belongs to the
// position and a row's bits do not depend on the batch. In the gated mode it passes where it is likely enough.
//
// Only contiguous drafts are verified: after a gap a row has no trained next-token meaning. The first mask stands
// where the token of the last draft's row will be; it is not asked, but the masks after it were trained to see it.
#pragma once

#include <optional>
#include <vector>

#include "wedlm/decode/decoder.h"
#include "wedlm/decode/draft_rule.h"
#include "wedlm/decode/prompt_lookup.h"

namespace wedlm {

class VerifyingDecoder final : public Decoder {
 public:
  VerifyingDecoder(const SamplingParams& params, DraftStatistics& statistics);

  bool predicts_after_known() const override { return true; }
  std::span<const float> row_values(const RowRequest& request) override;
  WindowRows rows(const RowRequest& request) override;
  Advance advance(std::span<const Prediction> predictions) override;
  std::span<const Window::Position> window() const override { return shown_; }
  std::span<const float> entropies() const override { return shown_entropies_; }
  std::span<const TokenId> rejected() const override { return rejected_; }
  const DraftCounts* draft_counts() const override { return &counts_; }

 private:
  /// What the rows given last hold.
  struct Asked {
    int num_drafts = 0;
    int num_masks = 0;
  };

  /// Extends the drafts by what occurred before, once for each step, and cuts them to what may still be said.
  void prepare(const RowRequest& request);
  void append_lookup(std::span<const TokenId> known, int max_drafts);
  /// row_values() whether or not anybody else chooses by them.
  std::span<const float> expected_tokens(const RowRequest& request);
  /// The most rows of a window whose size is not fixed.
  int max_rows(const RowRequest& request);
  /// Masks that can propose something that may still be said, and the one before them; 0 where none can.
  int useful_masks(int num_drafts, int tokens_left) const;
  int count_accepted(std::span<const Prediction> predictions);
  void learn(int num_accepted);
  /// The drafts that were accepted and the choice of the row after them; the others are rejected.
  Advance commit(int num_accepted, std::span<const Prediction> predictions);
  /// Drafts for which the forward had no row: still good where the token before them is what they were drafted after.
  std::vector<Draft> unverified_rest(TokenId chosen) const;
  std::vector<Draft> propose(std::span<const Prediction> of_masks) const;
  /// Keeps the drafts, and as many empty positions as there were masks, for window().
  void show(int num_masks);

  SamplingParams params_;
  std::optional<int> window_size_;
  std::optional<DraftStatistics> own_statistics_;  // of a request that learns alone
  DraftStatistics& statistics_;
  std::optional<AcceptanceProfile> profile_;  // of this sequence, begun as that of all
  PromptLookup lookup_;

  std::vector<Draft> drafts_;
  int num_proposing_masks_ = 0;  // masks that made the drafts, where these saw nothing wrong
  bool is_prepared_ = false;
  Asked asked_;
  std::vector<float> values_;

  DraftCounts counts_;
  std::vector<Window::Position> shown_;  // the drafts and as many empty positions as there were masks
  std::vector<float> shown_entropies_;   // one for each of them
  std::vector<TokenId> rejected_;
};

}  // namespace wedlm
