// What a run tells whoever watches it, and how it stands in metrics.jsonl.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>

#include "wedlm/base/json.h"
#include "wedlm/train/torch/trained_model.h"

namespace wedlm::train {

/// One step.
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

/// The losses of held-out samples after so many steps.
struct HeldOutReport {
  std::int64_t step = 0;
  Losses losses{};
  bool is_best = false;  // the lowest total of the run so far
  double seconds = 0;
};

/// Exercises that a checkpoint has answered.
struct ExerciseScores {
  std::size_t num_exercises = 0;
  double accuracy = 0;                 // share that is right in the mode `exact`
  double autoregressive_accuracy = 0;  // and autoregressively
  double tokens_per_forward = 0;       // of exact
};

struct ExerciseReport {
  std::int64_t step = 0;
  ExerciseScores scores{};
  double seconds = 0;
};

/// The lines of metrics.jsonl. Names are those of Hugging Face's Trainer where it has them.
Json report_json(const StepReport& report);
Json report_json(const HeldOutReport& report);
Json report_json(const ExerciseReport& report);

/// Whoever watches a run and, where that is given, has exercises answered by the checkpoint of a folder; nullopt says
/// that it was interrupted.
struct RunHooks {
  std::function<void(const StepReport&)> on_step = [](const StepReport&) {};
  std::function<void(const HeldOutReport&)> on_held_out = [](const HeldOutReport&) {};
  std::function<void(const ExerciseReport&)> on_exercises = [](const ExerciseReport&) {};
  std::function<std::optional<ExerciseScores>(const std::filesystem::path& checkpoint)> answer_exercises{};
};

}  // namespace wedlm::train
