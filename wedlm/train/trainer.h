// A run of training: steps over batches, reports, and checkpoints from which it goes on as if nothing had happened.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <vector>

#include "wedlm/base/watcher.h"
#include "wedlm/checkpoint/checkpoint.h"
#include "wedlm/train/batches.h"
#include "wedlm/train/schedule.h"
#include "wedlm/train/torch/trained_model.h"

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
  int save_total_limit = 3;        // checkpoints that are kept, the newest
  DType save_type = DType::kBF16;  // of the weights
  std::filesystem::path output{};
  bool resume = false;
};

/// One step, for people and files.
struct StepReport {
  std::int64_t step = 0;  // 1 is the first
  std::int64_t num_steps = 0;
  Losses losses{};  // the mean over its packs
  double learning_rate = 0;
  double gradient_norm = 0;    // before clipping
  std::size_t num_tokens = 0;  // of the samples
  std::size_t num_rows = 0;
  double seconds = 0;
};

struct TrainResult {
  std::int64_t num_steps = 0;          // that are done, those of earlier runs included
  bool is_finished = false;            // else it was interrupted, and --resume goes on
  std::filesystem::path checkpoint{};  // the last one written
};

/// Trains and writes OUTPUT/checkpoint-STEP, each a checkpoint in Hugging Face's layout, or an adapter in PEFT's, with
/// training_state.safetensors and training_state.json beside it, OUTPUT/metrics.jsonl, one StepReport a line, and at
/// the end OUTPUT/final. An interrupted run writes a checkpoint. `config` is that of the checkpoint with its mask token
/// named. Throws InvalidInput for an output folder that another run uses, that has checkpoints without `resume`, or of
/// another run's options with it; where a gradient is not finite, naming step and weight; ResourceError for what cannot
/// be written.
TrainResult train(const Checkpoint& checkpoint, const ModelConfig& config, const SampleSet& samples,
                  const std::vector<TrainingFile>& files, const TrainOptions& options, const Watcher& watcher,
                  const std::function<void(const StepReport&)>& report);

}  // namespace wedlm::train
