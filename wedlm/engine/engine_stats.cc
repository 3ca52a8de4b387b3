#include "wedlm/engine/engine_stats.h"

#include <algorithm>

#include "wedlm/engine/scheduler.h"

namespace wedlm {

void CountHistogram::add(std::int64_t count) {
  const auto range = std::ranges::lower_bound(upper_ends_, count) - upper_ends_.begin();
  ++frequencies_[static_cast<std::size_t>(range)];
  sum_ += count;
}

void StepFigures::add(const ScheduledSequence& scheduled, const RequestStats& before, const RequestStats& after) {
  rows += scheduled.num_rows();
  prompt_rows += after.prompt_rows - before.prompt_rows;
  if (!scheduled.has_window) return;
  if (after.decode_forwards == 1) prompt_tokens += after.prompt_tokens;
  const auto& window = scheduled.window.rows;
  window_rows += std::ssize(window);
  filled_rows += std::ranges::count(window, WindowRow::Kind::kToken, &WindowRow::kind);
  generated.push_back(after.generated_tokens - before.generated_tokens);
}

void EngineStats::add(const StepFigures& step) {
  if (step.rows == 0) return;
  ++steps;
  rows += step.rows;
  prompt_tokens += step.prompt_tokens;
  window_rows += step.window_rows;
  filled_rows += step.filled_rows;
  decode_forwards += std::ssize(step.generated);
  std::int64_t num_generated = 0;
  for (const std::int64_t tokens : step.generated) {
    num_generated += tokens;
    tokens_of_forward.add(tokens);
  }
  generated_tokens += num_generated;
  rows_of_step.add(step.rows);
  tokens_of_step.add(step.prompt_rows + num_generated);
}

}  // namespace wedlm
