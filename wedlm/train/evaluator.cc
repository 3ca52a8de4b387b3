#include "wedlm/train/evaluator.h"

#include "wedlm/base/ratio.h"
#include "wedlm/train/rank_sums.h"

namespace wedlm::train {
namespace {

BatchOptions fixed_options(BatchOptions options) {
  options.seed = 0;
  options.accumulation = 1;
  return options;
}

}  // namespace

Evaluator::Evaluator(const DataSet& data, const BatchOptions& options, LossWeighting weighting,
                     double next_token_weight, Ranks& ranks)
    : options_(fixed_options(options)),
      batches_(data.samples, data.files, options_),
      weighting_(weighting),
      next_token_weight_(next_token_weight),
      ranks_(ranks) {}

std::optional<Losses> Evaluator::losses(TrainedModel& model, const Watcher& watcher) {
  Losses sum;
  bool is_interrupted = false;
  const std::int64_t num_packs = batches_.steps_of_all(1);
  for (std::int64_t i = ranks_.rank(); i < num_packs; i += ranks_.size()) {
    is_interrupted = watcher.is_interrupted();
    if (is_interrupted) break;
    watcher.progress({.title = "Held-out samples",
                      .done = static_cast<std::size_t>(i),
                      .total = static_cast<std::size_t>(num_packs)});
    for (const DualStream& pack : batches_.of_step(i)) {
      const Losses losses =
          model.losses(pack, loss_weights(pack.losses, weighting_, next_token_weight_), next_token_weight_);
      if (losses.num_masked > 0) sum.masked += losses.masked * static_cast<double>(losses.num_masked);
      if (losses.num_next > 0) sum.next_token += losses.next_token * static_cast<double>(losses.num_next);
      sum.num_masked += losses.num_masked;
      sum.num_next += losses.num_next;
    }
  }
  if (!sum_over_ranks(ranks_, is_interrupted, sum)) return std::nullopt;
  sum.masked = ratio(sum.masked, static_cast<double>(sum.num_masked));
  sum.next_token = ratio(sum.next_token, static_cast<double>(sum.num_next));
  sum.total = (sum.masked + next_token_weight_ * sum.next_token) / (1 + next_token_weight_);
  return sum;
}

}  // namespace wedlm::train
