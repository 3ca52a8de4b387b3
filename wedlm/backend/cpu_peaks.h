// What this machine gives to code that does nothing else: reads of memory, and multiply-adds of registers. A forward is
// compared with it, so each measurement takes milliseconds and is made side by side with what it is compared with.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "wedlm/backend/cpu/cpu_backend.h"
#include "wedlm/backend/cpu/isa/kernel_table.h"
#include "wedlm/backend/machine_rates.h"
#include "wedlm/base/thread_team.h"
#include "wedlm/tensor/tensor.h"
#include "wedlm/tensor/weight_format.h"

namespace wedlm {

class CpuPeaks {
 public:
  /// The threads and the kernels that make_cpu_backend() would take. Throws as it does, and ResourceError where the
  /// memory that is read cannot be had.
  explicit CpuPeaks(const CpuOptions& options, std::size_t read_bytes = kReadBytes);
  CpuPeaks(const KernelTable& kernels, int num_threads, std::size_t read_bytes);

  static constexpr std::size_t kReadBytes = std::size_t{256} << 20;  // beyond every cache but the largest servers'

  std::string_view isa() const { return kernels_.name; }
  int num_threads() const { return team_.size(); }
  /// What multiply_tflops() is the peak of: "FMA of float32, 256 bits wide".
  std::string_view multiplier(WeightType type) const;

  /// One read of `read_bytes` by all threads, in GB/s (powers of 1000).
  double read_gb_per_s();
  /// Multiply-adds on all threads, each of them two operations, in 10^12 a second, as weights of this type are
  /// multiplied.
  double multiply_tflops(WeightType type);

 private:
  CpuPeaks(const KernelTable& kernels, int num_threads, ThreadPlacement placement, std::size_t read_bytes);

  const KernelTable kernels_;
  ThreadTeam team_;
  Buffer memory_;
  std::vector<float> sums_;  // so that nothing is left out as unused
};

/// Both peaks, of weights of this type, as they were first measured for this processor, with these threads, kernels and
/// this build: from the user's cache folder (kept_rates()), and in one process once. The first time takes some 60 ms
/// and 64 MiB.
MachineRates cpu_rates(const KernelTable& kernels, int num_threads, WeightType type);

}  // namespace wedlm
