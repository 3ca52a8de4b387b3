#include "cli/options/thread_flags.h"

namespace wedlm::cli {

CpuOptions ThreadFlags::cpu_options() const {
  check_at_least("--threads", 0, num_threads);
  return {.num_threads = num_threads.value_or(0),
          .thread_placement = pin_threads ? ThreadPlacement::kPinned : ThreadPlacement::kFree};
}

void add_thread_options(OptionGroup& group, ThreadFlags& flags) {
  group.integer({.names = "--threads",
                 .value = "N",
                 .text = "Threads to compute with.",
                 .default_text = "one for each processor that it may use",
                 .environment = "WEDLM_THREADS"},
                flags.num_threads);
  group.flag(
      {.names = "--pin-threads", .text = "Keep each thread on a processor of its own, where nothing else computes."},
      flags.pin_threads);
}

}  // namespace wedlm::cli
