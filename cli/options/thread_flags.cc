#include "cli/options/thread_flags.h"

namespace wedlm::cli {

CpuOptions ThreadFlags::cpu_options() const {
  check_at_least("--threads", 0, num_threads);
  return {.num_threads = num_threads.value_or(0),
          .thread_placement = pin_threads ? ThreadPlacement::kPinned : ThreadPlacement::kFree,
          .activation_bits = activation_bits.value_or(CpuOptions().activation_bits)};
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

void add_activation_option(OptionGroup& group, ThreadFlags& flags) {
  group.integer(
      {.names = "--activations",
       .value = "8|16",
       .text = "Bits to which rows are rounded where they meet int8 and int4 weights; 16 is truer and takes "
               "longer for many rows.",
       .default_text = std::to_string(CpuOptions().activation_bits) + ", where the processor has products of bytes"},
      flags.activation_bits);
}

}  // namespace wedlm::cli
