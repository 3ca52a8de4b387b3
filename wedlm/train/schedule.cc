#include "wedlm/train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace wedlm::train {

double learning_rate(const Schedule& schedule, std::int64_t num_done, std::int64_t num_steps) {
  const auto warmup = static_cast<std::int64_t>(static_cast<double>(num_steps) * schedule.warmup_ratio);
  if (num_done < warmup) return schedule.peak * static_cast<double>(num_done) / static_cast<double>(warmup);
  if (schedule.kind == ScheduleKind::kConstant) return schedule.peak;
  const double progress =
      static_cast<double>(num_done - warmup) / static_cast<double>(std::max<std::int64_t>(1, num_steps - warmup));
  return schedule.peak * std::max(0.0, 0.5 * (1 + std::cos(std::numbers::pi * progress)));
}

}  // namespace wedlm::train
