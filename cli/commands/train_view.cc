#include "cli/commands/train_view.h"

#include <string>

#include "wedlm/base/number_text.h"

namespace wedlm::cli {
namespace {

using train::Losses;

constexpr auto kBetweenLines = std::chrono::seconds(10);

std::string losses_text(const Losses& losses) {
  return fixed(losses.total, 4) + " (masked " + fixed(losses.masked, 4) + ", next token " +
         fixed(losses.next_token, 4) + ")";
}

std::string step_line(const train::StepReport& step, double seconds_left) {
  const auto minutes = static_cast<std::int64_t>(seconds_left / 60);
  return "step " + std::to_string(step.step) + "/" + std::to_string(step.num_steps) + "  loss " +
         losses_text(step.losses) + "  rate " + shortest(static_cast<double>(static_cast<float>(step.learning_rate))) +
         "  " + count_text(static_cast<double>(step.num_tokens) / step.seconds) + " tokens/s  " +
         (minutes > 0 ? std::to_string(minutes) + " min left" : fixed(seconds_left, 0) + " s left");
}

}  // namespace

train::RunHooks TrainView::hooks() {
  return {.on_step = [this](const train::StepReport& step) { show(step); },
          .on_held_out = [this](const train::HeldOutReport& report) { show(report); },
          .on_exercises = [this](const train::ExerciseReport& report) { show(report); }};
}

void TrainView::show(const train::StepReport& step) {
  seconds_ += step.seconds;
  ++num_steps_;
  watcher_.progress({.title = "Training",
                     .done = static_cast<std::size_t>(step.step),
                     .total = static_cast<std::size_t>(step.num_steps)});
  const auto now = std::chrono::steady_clock::now();
  if (num_steps_ > 1 && step.step < step.num_steps && now - last_line_ < kBetweenLines) return;
  last_line_ = now;
  const double seconds_per_step = seconds_ / static_cast<double>(num_steps_);
  watcher_.note(step_line(step, seconds_per_step * static_cast<double>(step.num_steps - step.step)));
}

void TrainView::show(const train::HeldOutReport& report) const {
  watcher_.note("step " + std::to_string(report.step) + "  held-out loss " + losses_text(report.losses) +
                (report.is_best ? "  the lowest so far" : ""));
}

void TrainView::show(const train::ExerciseReport& report) const {
  const train::ExerciseScores& scores = report.scores;
  watcher_.note("step " + std::to_string(report.step) + "  exercises " + fixed(100 * scores.accuracy, 1) +
                " % right (autoregressive " + fixed(100 * scores.autoregressive_accuracy, 1) + " %), " +
                fixed(scores.tokens_per_forward, 2) + " tokens per forward");
}

}  // namespace wedlm::cli
