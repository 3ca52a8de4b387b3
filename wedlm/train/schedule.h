// The learning rate of each step. Source: transformers' get_scheduler, whose names these are.
#pragma once

#include <cstdint>

namespace wedlm::train {

enum class ScheduleKind {
  kCosine,    // half a cosine from the peak to 0
  kConstant,  // the peak
};

struct Schedule {
  ScheduleKind kind = ScheduleKind::kCosine;
  double peak = 3e-6;
  double warmup_ratio = 0.1;  // of all steps, in which the rate rises from 0; rounded down
};

/// Of the step that follows after `num_done` of `num_steps`.
double learning_rate(const Schedule& schedule, std::int64_t num_done, std::int64_t num_steps);

}  // namespace wedlm::train
