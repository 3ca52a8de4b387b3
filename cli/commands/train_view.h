// What a person sees of a run of training: a line now and then, and how far it is.
#pragma once

#include <chrono>
#include <cstdint>

#include "wedlm/base/watcher.h"
#include "wedlm/train/reports.h"

namespace wedlm::cli {

class TrainView {
 public:
  /// `watcher` has to outlive this.
  explicit TrainView(const Watcher& watcher) : watcher_(watcher) {}

  /// They must not outlive this.
  train::RunHooks hooks();

 private:
  void show(const train::StepReport& step);
  void show(const train::HeldOutReport& report) const;
  void show(const train::ExerciseReport& report) const;

  const Watcher& watcher_;
  std::chrono::steady_clock::time_point last_line_{};
  std::int64_t num_steps_ = 0;  // of this process
  double seconds_ = 0;          // that they took
};

}  // namespace wedlm::cli
