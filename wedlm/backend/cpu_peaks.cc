#include "wedlm/backend/cpu_peaks.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <map>
#include <mutex>
#include <string>

#include "wedlm/backend/cpu/packing.h"
#include "wedlm/base/cache_folder.h"
#include "wedlm/base/error.h"

namespace wedlm {
namespace {

constexpr std::size_t kTaskBytes = std::size_t{1} << 20;
constexpr std::int64_t kTasksPerThread = 8;
constexpr std::int64_t kRoundsPerTask = 200'000;  // about half a millisecond of vectors, five of tiles

template <class Work>
double seconds_of(const Work& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// The best of a few: whatever else the machine does only ever adds time. Nothing where memory or threads for it cannot
/// be had.
MachineRates measure_rates(const KernelTable& kernels, int num_threads, WeightType type) {
  constexpr std::size_t kFewBytes = std::size_t{64} << 20;
  MachineRates rates;
  try {
    CpuPeaks peaks(kernels, num_threads, kFewBytes);
    for (int i = 0; i < 3; ++i) {
      rates.read_gb_per_s = std::max(rates.read_gb_per_s, peaks.read_gb_per_s());
      rates.multiply_tflops = std::max(rates.multiply_tflops, peaks.multiply_tflops(type));
    }
  } catch (const ResourceError&) {
  }
  return rates;
}

}  // namespace

CpuPeaks::CpuPeaks(const CpuOptions& options, std::size_t read_bytes)
    : CpuPeaks(kernels_for(options), options.num_threads, options.thread_placement, read_bytes) {}

CpuPeaks::CpuPeaks(const KernelTable& kernels, int num_threads, std::size_t read_bytes)
    : CpuPeaks(kernels, num_threads, ThreadPlacement::kFree, read_bytes) {}

CpuPeaks::CpuPeaks(const KernelTable& kernels, int num_threads, ThreadPlacement placement, std::size_t read_bytes)
    : kernels_(kernels),
      team_(num_threads, placement),
      memory_(allocate_host_to_read(read_bytes)),
      sums_(read_bytes / kTaskBytes) {
  // Each page by the thread that will read about as much, as packed weights are written.
  team_.run(static_cast<std::int64_t>(sums_.size()), [this](std::int64_t task, int) {
    std::memset(static_cast<std::byte*>(memory_.data()) + static_cast<std::size_t>(task) * kTaskBytes, 0, kTaskBytes);
  });
}

double CpuPeaks::read_gb_per_s() {
  const double seconds = seconds_of([this] {
    team_.run(static_cast<std::int64_t>(sums_.size()), [this](std::int64_t task, int) {
      const auto* from = static_cast<const std::byte*>(memory_.data()) + static_cast<std::size_t>(task) * kTaskBytes;
      sums_[static_cast<std::size_t>(task)] =
          kernels_.read_floats(reinterpret_cast<const float*>(from), kTaskBytes / sizeof(float));
    });
  });
  return static_cast<double>(sums_.size() * kTaskBytes) * 1e-9 / seconds;
}

std::string_view CpuPeaks::multiplier(WeightType type) const {
  return multiplier_of(type, kernels_).name;
}

double CpuPeaks::multiply_tflops(WeightType type) {
  const Multiplier& multiplier = multiplier_of(type, kernels_);
  const std::int64_t num_tasks = team_.size() * kTasksPerThread;
  const double seconds = seconds_of([this, num_tasks, &multiplier] {
    team_.run(num_tasks, [&](std::int64_t task, int) {
      sums_[static_cast<std::size_t>(task) % sums_.size()] = multiplier.run(kRoundsPerTask);
    });
  });
  const std::int64_t num_multiply_adds = num_tasks * kRoundsPerTask * multiplier.multiply_adds_per_round;
  return 2e-12 * static_cast<double>(num_multiply_adds) / seconds;
}

MachineRates cpu_rates(const KernelTable& kernels, int num_threads, WeightType type) {
  static std::mutex mutex;
  static std::map<std::string, MachineRates> known;
  const std::string key = processor_name() + ", " + kernels.name + ", " + std::to_string(num_threads) + " threads, " +
                          multiplier_of(type, kernels).name + ", compiler " __VERSION__;
  const std::lock_guard lock(mutex);
  const auto found = known.find(key);
  if (found != known.end()) return found->second;
  return known.emplace(key, kept_rates(cache_folder(), key, [&] { return measure_rates(kernels, num_threads, type); }))
      .first->second;
}

}  // namespace wedlm
