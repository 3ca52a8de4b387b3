#include "wedlm/backend/cpu_peaks.h"

#include <chrono>
#include <cstring>

#include "wedlm/backend/cpu/isa/select.h"

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

}  // namespace

CpuPeaks::CpuPeaks(const CpuOptions& options)
    : kernels_(select_kernels(options.isa)),
      team_(options.num_threads, options.thread_placement),
      memory_(allocate_host_to_read(kReadBytes)),
      sums_(kReadBytes / kTaskBytes) {
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
  return static_cast<double>(kReadBytes) * 1e-9 / seconds;
}

double CpuPeaks::multiply_tflops() {
  const std::int64_t num_tasks = team_.size() * kTasksPerThread;
  const double seconds = seconds_of([this, num_tasks] {
    team_.run(num_tasks, [this](std::int64_t task, int) {
      sums_[static_cast<std::size_t>(task) % sums_.size()] = kernels_.multiply_registers(kRoundsPerTask);
    });
  });
  const std::int64_t num_multiply_adds = num_tasks * kRoundsPerTask * kernels_.multiply_adds_per_round;
  return 2e-12 * static_cast<double>(num_multiply_adds) / seconds;
}

}  // namespace wedlm
