// Which guesses become drafts, and which drafts become text: the two decisions that the exact and the gated mode take
// differently.
#pragma once

#include <optional>
#include <span>

#include "wedlm/base/prediction.h"
#include "wedlm/decode/draft_statistics.h"
#include "wedlm/decode/sampling_params.h"

namespace wedlm {

/// Grows a run of drafts one guess at a time, from the first position behind the known tokens on. It ends at the first
/// guess that is refused.
///   exact: while the calibrated chance that all of the run are the model's own choice is above the draft threshold
///   gated: while the calibrated chance that all of it will be accepted is; and a mask's guess also where its entropy
///   plus
///          the penalty of distance is below the entropy threshold and the entropies of the run sum, beside the
///          largest, to no more than the joint bound. Where an agreement is asked for, that alone decides about a
///          mask's guess: while the calibrated chance of each to be the model's own choice is at least that
class DraftRule {
 public:
  explicit DraftRule(const SamplingParams& params);

  /// Whether a run that holds what was accepted so far goes on with this guess; then it does.
  bool accepts(const Draft& draft);

 private:
  float chance_of(const Draft& draft) const;
  bool is_certain(const Draft& draft) const;

  const SamplingParams& params_;
  int num_drafts_ = 0;
  float chance_ = 1;       // of the whole run
  float entropy_sum_ = 0;  // of the run, as is the next
  float entropy_max_ = 0;
};

/// Whether a draft that was computed behind nothing but known tokens becomes text, by the answer of the row before it.
/// Drafts of other sources than a mask are free: they pass only as the row's own choice, and change no text.
bool passes_gate(const Draft& draft, const Prediction& prediction, const SamplingParams& params);

}  // namespace wedlm
