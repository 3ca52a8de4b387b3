// The losses of held-out samples: always the same packs with the same masks, whatever the run's seed, so that values
// compare between steps and between runs of the same data and mask options.
#pragma once

#include <optional>

#include "wedlm/base/watcher.h"
#include "wedlm/train/batches.h"
#include "wedlm/train/torch/trained_model.h"

namespace wedlm::train {

class Evaluator {
 public:
  /// `data` has to outlive this.
  Evaluator(const DataSet& data, const BatchOptions& options, LossWeighting weighting, double next_token_weight,
            Ranks& ranks = Ranks::alone());
  Evaluator(const Evaluator&) = delete;
  Evaluator& operator=(const Evaluator&) = delete;

  /// Means over the packs, each counted by its rows with that loss; nullopt where it was interrupted. The ranks share
  /// the packs and have the same result.
  std::optional<Losses> losses(TrainedModel& model, const Watcher& watcher);

 private:
  BatchOptions options_;
  Batches batches_;
  LossWeighting weighting_;
  double next_token_weight_;
  Ranks& ranks_;
};

}  // namespace wedlm::train
