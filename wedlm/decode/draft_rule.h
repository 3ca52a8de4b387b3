// Which guesses become drafts, and which drafts become text: the two decisions that the exact and the gated mode take
// differently.
#pragma once

#include <optional>
#include <span>

#include "wedlm/base/prediction.h"
#include "wedlm/decode/draft_statistics.h"
#include "wedlm/decode/sampling_params.h"

namespace wedlm {

/// Grows a run of drafts one guess at a time, from the first position after the known tokens on. The run ends with the
/// first guess that is refused.
///
/// In the exact mode a guess is taken while the run as a whole is likely enough to be the model's own choice: while
/// that chance, by calibration, is above the draft threshold. In the gated mode it is taken while the run is likely
/// enough to be accepted, in the same sense. There a mask's guess is also taken where its entropy and the penalty for
/// its distance are below the entropy threshold together, and the entropies of the run, without the largest of them,
/// sum to no more than the joint bound. Where an agreement is asked for, a mask's guess is taken by nothing but its own
/// chance of being the model's choice, which must be at least the agreement.
class DraftRule {
 public:
  explicit DraftRule(const SamplingParams& params);

  /// Extends the run by this guess, or refuses it and changes nothing; says which.
  bool try_extend(const Draft& draft);

 private:
  float chance_of(const Draft& draft) const;
  bool is_certain(const Draft& draft) const;

  const SamplingParams& params_;
  int num_drafts_ = 0;
  float chance_ = 1;       // of the whole run
  float entropy_sum_ = 0;  // of the run, as is the next
  float entropy_max_ = 0;
};

/// Whether a draft that was computed after nothing but known tokens becomes text, by the answer of the row before it.
/// Its own choice always does. In the gated mode a mask's guess does, too, where a draw from the row would take it with
/// a probability of at least min(epsilon, delta * exp(-H)), H being the entropy of that same distribution: the tokens
/// that the filters keep, at the request's temperature, and for a greedy request at temperature 1. So no token that the
/// filters drop becomes text. A draft of another source passes only as the row's own choice: being free, it shall
/// change no text.
bool passes_gate(const Draft& draft, const Prediction& prediction, const SamplingParams& params);

}  // namespace wedlm
