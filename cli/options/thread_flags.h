// The threads to compute with: what every command that computes takes.
#pragma once

#include <cstdint>
#include <optional>

#include "cli/options/option_group.h"
#include "wedlm/backend/make_backend.h"

namespace wedlm::cli {

struct ThreadFlags {
  std::optional<std::int32_t> num_threads{};
  bool pin_threads = false;

  /// Throws InvalidInput for a number that no machine has.
  CpuOptions cpu_options() const;
};

void add_thread_options(OptionGroup& group, ThreadFlags& flags);

}  // namespace wedlm::cli
