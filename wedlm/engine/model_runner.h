// Lays out the batch of a step and runs the forward. It makes no policy: who takes part was decided before.
#pragma once

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
  /// `mask_token_id` stands in the rows of empty slots. Everything given must outlive the runner.
  ModelRunner(const Transformer& transformer, Backend& backend, KvCache& cache, TokenId mask_token_id);

  /// One entry for each sequence of the step: the answers that its decoder asked for, in its order; valid until the
  /// next call. Empty for a prompt chunk.
  std::vector<std::span<const Prediction>> run(const Step& step);

  /// Seconds of a forward of so many rows without a prefix, all of them predicted. It stores nothing.
  double time_rows(std::int64_t num_rows);

 private:
  void add_sequence(const ScheduledSequence& scheduled);
  void ask(std::int64_t row, const Sequence& sequence, std::int64_t predicted_position, TokenId scored);

  const Transformer& transformer_;
  KvCache& cache_;
  TokenId mask_token_id_;
  Activations activations_;
  Batch batch_;
  std::vector<Prediction> predictions_;
};

}  // namespace wedlm
