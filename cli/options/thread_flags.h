// How the processor computes: what every command that computes takes.
#pragma once

#include <cstdint>
#include <optional>

#include "cli/options/option_group.h"
#include "wedlm/backend/make_backend.h"

namespace wedlm::cli {

struct ThreadFlags {
  std::optional<std::int32_t> num_threads{};
  bool pin_threads = false;
  std::optional<std::int32_t> activation_bits{};

  /// Throws InvalidInput for a number that no machine has.
  CpuOptions cpu_options() const;
};

void add_thread_options(OptionGroup& group, ThreadFlags& flags);
/// --activations, for what computes with weights that may be integers.
void add_activation_option(OptionGroup& group, ThreadFlags& flags);

}  // namespace wedlm::cli
