#include "cli/commands/train_exercises.h"

#include "wedlm/base/error.h"
#include "wedlm/engine/loaded_model.h"
#include "wedlm/eval/sweep.h"
#include "wedlm/eval/sweep_settings.h"
#include "wedlm/frontend/prompt_encoder.h"

namespace wedlm::cli {
namespace {

constexpr const char* kExact = "exact window-size=16";
constexpr int kAtOnce = 16;

/// Autoregressive decoding, and the exact mode.
std::vector<SweepSetting> settings_of(const ExerciseOptions& options, const LoadedModel& model) {
  SamplingSettings common(options.max_tokens);
  common.give(*find_json_option("temperature"), 0);
  common.give(*find_json_option("seed"), 0);
  std::vector<SweepSetting> settings;
  for (const NamedSettings& setting : sweep_settings({kExact}, common)) {
    settings.push_back({setting.name, setting.settings.params(model.generation_defaults())});
  }
  return settings;
}

}  // namespace

TrainExercises::TrainExercises(const ExerciseOptions& options) : options_(options) {
  for (PromptLine& line : read_prompt_lines({.file = options.file})) {
    if (std::ssize(prompts_) == options.limit) break;
    answers_.push_back(known_answer(line.object, line.prompt.source));
    if (!answers_.back()) {
      throw InvalidInput(line.prompt.source +
                         ": expected an exercise with its answer, such as {\"prompt\": \"2 + 2\", "
                         "\"answer\": 4}");
    }
    prompts_.push_back(std::move(line.prompt));
  }
}

std::optional<train::ExerciseScores> TrainExercises::answer(const std::filesystem::path& checkpoint,
                                                            const Watcher& watcher) const {
  const auto model = LoadedModel::load(checkpoint, {.backend = {.cpu = options_.cpu}});
  SweepPlan plan{.settings = settings_of(options_, *model), .batch_size = kAtOnce};
  const PromptEncoder encoder(*model);
  for (const Prompt& prompt : prompts_) plan.prompts.push_back({prompt.source, encoder.encode(prompt)});
  const Watcher silent{.is_interrupted = watcher.is_interrupted, .progress = [&watcher](Progress progress) {
                         progress.title = "Exercises";
                         watcher.progress(progress);
                       }};
  const SweepOutcome outcome = run_sweep(plan, *model, silent);
  if (outcome.is_interrupted) return std::nullopt;
  const std::vector<ReportRow> rows = report_rows(outcome.settings, answers_);
  return train::ExerciseScores{.num_exercises = prompts_.size(),
                               .accuracy = rows.at(1).right.share(),
                               .autoregressive_accuracy = rows.at(0).right.share(),
                               .tokens_per_forward = rows.at(1).tokens_per_forward};
}

}  // namespace wedlm::cli
