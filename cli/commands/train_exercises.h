// Exercises with known answers that checkpoints answer while they are made: right answers, and tokens for each forward
// of the model.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/options/prompts.h"
#include "wedlm/backend/make_backend.h"
#include "wedlm/base/watcher.h"
#include "wedlm/eval/exercises.h"
#include "wedlm/train/reports.h"

namespace wedlm::cli {

struct ExerciseOptions {
  std::string file{};  // .jsonl, each line with a prompt and its answer
  std::int32_t limit = 100;
  std::int32_t max_tokens = 128;  // of an answer
  CpuOptions cpu{};
};

class TrainExercises {
 public:
  /// Reads the first `limit` of them. Throws InvalidInput naming file and line for one without a known answer.
  explicit TrainExercises(const ExerciseOptions& options);

  /// Has the checkpoint answer, greedily, autoregressively and in the mode `exact` with a window of 16; nullopt where
  /// it was interrupted. Throws InvalidInput for exercises that the model cannot take.
  std::optional<train::ExerciseScores> answer(const std::filesystem::path& checkpoint, const Watcher& watcher) const;

 private:
  ExerciseOptions options_;
  std::vector<Prompt> prompts_;
  std::vector<std::optional<KnownAnswer>> answers_;
};

}  // namespace wedlm::cli
