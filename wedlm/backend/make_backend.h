// Which backends there are, and how one is made.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "wedlm/backend/backend.h"
#include "wedlm/base/thread_team.h"

namespace wedlm {

struct CpuOptions {
  int num_threads = 0;  // 0: one for each processor this process may use
  std::string isa{};    // empty: what WEDLM_ISA says, else the widest
  ThreadPlacement thread_placement = ThreadPlacement::kFree;
  // 8 or 16: what rows are rounded to where they meet int8 and int4 weights, if the instruction set multiplies
  // integers. Without products of bytes that pay it is 16 in any case.
  int activation_bits = 8;
};

struct BackendOptions {
  std::string name = "cpu";
  CpuOptions cpu{};
};

/// The names make_backend() knows in this build.
std::vector<std::string> backend_names();

/// Throws InvalidInput for a name that is unknown here, listing those that are not, for an instruction set that is
/// unknown or that this machine lacks, and for other bits of activations.
std::unique_ptr<Backend> make_backend(const BackendOptions& options);

/// The lanes of panels (weight_panels.h) that the backend "cpu" adopts without a copy on this machine, or under
/// WEDLM_ISA. Throws as make_backend().
int native_panel_lanes();

}  // namespace wedlm
