// A run of training: steps over batches, reports, and checkpoints from which it goes on as if nothing had happened.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "wedlm/base/watcher.h"
#include "wedlm/train/batches.h"
#include "wedlm/train/data/held_out.h"
#include "wedlm/train/ranks/world.h"
#include "wedlm/train/reports.h"
#include "wedlm/train/schedule.h"
#include "wedlm/train/starting_point.h"

namespace wedlm::train {

struct TrainOptions {
  BatchOptions batches{};
  LossWeighting weighting = LossWeighting::kWeighted;
  double next_token_weight = 1;  // 0: the masked loss alone
  Schedule schedule{};
  AdamW optimizer{};
  double num_epochs = 3;
  std::int64_t max_steps = 0;  // 0: as many as the epochs have
  ModelOptions model{};
  std::int64_t save_every = 500;   // steps
  int save_total_limit = 3;        // checkpoints that are kept, the newest; the best one besides
  std::int64_t eval_every = 0;     // steps between evaluations; 0: as checkpoints
  DType save_type = DType::kBF16;  // of the weights
  std::filesystem::path output{};
  bool resume = false;
  World world{};  // which process of the run this is
};

struct TrainResult {
  std::int64_t num_steps = 0;                   // that are done, those of earlier runs included
  bool is_finished = false;                     // else it was interrupted, and --resume goes on
  std::filesystem::path checkpoint{};           // the last one written
  std::optional<std::filesystem::path> best{};  // the one of the lowest held-out loss
};

/// Trains and writes OUTPUT/checkpoint-STEP, each a checkpoint in Hugging Face's layout, or an adapter in PEFT's, with
/// training_state.safetensors and training_state.json beside it, OUTPUT/metrics.jsonl, the run's reports, one a line,
/// OUTPUT/curves.svg, which draws them, and at the end OUTPUT/final. Held-out samples are judged before the first step,
/// as often as the options say, at each checkpoint and at the end; OUTPUT/best is a link to the checkpoint that has the
/// lowest loss on them. An interrupted run writes a checkpoint. Of a world of several processes each takes its share of
/// a step's packs; the first one writes and calls hooks, and one that is interrupted ends all. Throws InvalidInput for
/// an output folder that another run uses, that has checkpoints without `resume`, or of another run's options with it;
/// where a gradient is not finite, naming step and weight; ResourceError for what cannot be written, and where another
/// process has gone; SaidElsewhere where another one has said why all end.
TrainResult train(const StartingPoint& start, const RunData& data, const TrainOptions& options, const Watcher& watcher,
                  const RunHooks& hooks);

}  // namespace wedlm::train
