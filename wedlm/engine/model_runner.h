// Lays out the batch of a step, launches its forward and reads what came of it. It makes no policy: who takes part was
// decided before.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "wedlm/base/prediction.h"
#include "wedlm/engine/scheduler.h"
#include "wedlm/model/batch.h"
#include "wedlm/model/kv_cache.h"
#include "wedlm/model/transformer.h"

namespace wedlm {

class ModelRunner {
 public:
  /// `mask_token_id` stands in the rows of empty positions. No step has more than `max_rows` rows. Everything given
  /// must outlive the runner.
  ModelRunner(const Transformer& transformer, KvCache& cache, TokenId mask_token_id, std::int64_t max_rows);

  /// Starts the step's forward. Nothing of the sequences is looked at later.
  void launch(const Step& step);
  /// Waits for what was launched. One entry for each sequence of the step: the answers that its decoder asked for, in
  /// its order; valid until the next call. Empty for a prompt chunk.
  std::vector<std::span<const Prediction>> read();

 private:
  void add_sequence(const ScheduledSequence& scheduled);
  /// Asks the last row of the batch for the token so many positions after the known ones.
  void ask(const Sequence& sequence, std::int32_t offset, TokenId scored);

  const Transformer& transformer_;
  KvCache& cache_;
  TokenId mask_token_id_;
  Activations activations_;
  Batch batch_;
  std::vector<SeenGuess> guesses_;  // in the rows of the segment so far
  std::optional<LaunchedForward> launched_;
  std::vector<std::size_t> prediction_ends_;  // of each sequence that was launched
  std::vector<Prediction> predictions_;
};

}  // namespace wedlm
