#include "wedlm/base/thread_team.h"

#include <sched.h>

#include <string>

#include "wedlm/base/error.h"

namespace wedlm {
namespace {

constexpr int kMaxThreads = 1024;
constexpr int kSpins = 2000;  // some tens of microseconds: longer than the gap between two ops, shorter than a nap

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

int allowed_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
  return static_cast<int>(std::thread::hardware_concurrency());
}

/// Waits until `value` differs from `old`: spinning first, asleep then. Returns the new value.
template <class T>
T wait_for_change(const std::atomic<T>& value, T old) {
  for (int i = 0; i < kSpins; ++i) {
    if (const T now = value.load(std::memory_order_acquire); now != old) return now;
    pause();
  }
  value.wait(old, std::memory_order_acquire);
  return value.load(std::memory_order_acquire);
}

}  // namespace

ThreadTeam::ThreadTeam(int num_threads) {
  if (num_threads < 0 || num_threads > kMaxThreads) {
    throw InvalidInput("number of threads: expected 0 (all processors) to " + std::to_string(kMaxThreads) + ", got " +
                       std::to_string(num_threads));
  }
  if (num_threads == 0) num_threads = allowed_processors();
  for (int thread = 1; thread < num_threads; ++thread) {
    workers_.emplace_back([this, thread] { worker_loop(thread); });
  }
}

ThreadTeam::~ThreadTeam() {
  stopping_.store(true, std::memory_order_relaxed);
  generation_.fetch_add(1, std::memory_order_release);
  generation_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadTeam::dispatch(const Job& job) {
  if (workers_.empty() || job.num_tasks <= 1) {
    for (std::int64_t task = 0; task < job.num_tasks; ++task) job.call(job.context, task, 0);
    return;
  }
  job_ = job;
  next_task_.store(0, std::memory_order_relaxed);
  num_busy_.store(static_cast<int>(workers_.size()), std::memory_order_relaxed);
  generation_.fetch_add(1, std::memory_order_release);
  generation_.notify_all();
  work(0);
  for (int busy = num_busy_.load(std::memory_order_acquire); busy != 0;) busy = wait_for_change(num_busy_, busy);
}

void ThreadTeam::work(int thread) {
  for (;;) {
    const std::int64_t task = next_task_.fetch_add(1, std::memory_order_relaxed);
    if (task >= job_.num_tasks) return;
    job_.call(job_.context, task, thread);
  }
}

void ThreadTeam::worker_loop(int thread) {
  std::uint32_t seen = 0;
  for (;;) {
    seen = wait_for_change(generation_, seen);
    if (stopping_.load(std::memory_order_relaxed)) return;
    work(thread);
    if (num_busy_.fetch_sub(1, std::memory_order_acq_rel) == 1) num_busy_.notify_one();
  }
}

}  // namespace wedlm
