#include "wedlm/base/thread_team.h"

#include <sched.h>

#include <algorithm>
#include <limits>
#include <string>

#include "wedlm/base/control_group.h"
#include "wedlm/base/error.h"
#include "wedlm/base/thread.h"

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

std::vector<int> processors_of_this_thread() {
  std::vector<int> processors;
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) {
    for (int i = 0; i < CPU_SETSIZE; ++i) {
      if (CPU_ISSET(i, &set)) processors.push_back(i);
    }
  }
  return processors;
}

/// Those that this process may run on, by number: asked once, before a thread that makes teams is pinned itself.
const std::vector<int>& allowed_processors() {
  static const std::vector<int> kProcessors = processors_of_this_thread();
  return kProcessors;
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

int num_processors() {
  const auto allowed = static_cast<int>(allowed_processors().size());
  const int processors = allowed > 0 ? allowed : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  static const int kLimit = control_group_limits().num_processors;
  return kLimit > 0 ? std::min(processors, kLimit) : processors;
}

ThreadTeam::ThreadTeam(int num_threads, ThreadPlacement placement) {
  if (num_threads < 0 || num_threads > kMaxThreads) {
    throw InvalidInput("number of threads: expected 0 (all processors) to " + std::to_string(kMaxThreads) + ", got " +
                       std::to_string(num_threads));
  }
  if (num_threads == 0) num_threads = num_processors();
  if (placement == ThreadPlacement::kPinned) {
    processors_ = allowed_processors();
    if (static_cast<std::size_t>(num_threads) > processors_.size()) {
      throw InvalidInput("pinned threads: expected at most one for each of the " + std::to_string(processors_.size()) +
                         " processors that this process may run on, got " + std::to_string(num_threads));
    }
  }
  workers_.reserve(static_cast<std::size_t>(num_threads - 1));
  try {
    for (int thread = 1; thread < num_threads; ++thread) {
      workers_.push_back(
          start_thread("computing (" + std::to_string(thread + 1) + " of " + std::to_string(num_threads) + ")",
                       [this, thread] { worker_loop(thread); }));
    }
  } catch (...) {
    stop();
    throw;
  }
}

ThreadTeam::~ThreadTeam() {
  stop();
}

void ThreadTeam::stop() {
  stopping_.store(true, std::memory_order_relaxed);
  generation_.fetch_add(1, std::memory_order_release);
  generation_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadTeam::dispatch(const Job& job) {
  if (!processors_.empty() && caller_ != std::this_thread::get_id()) pin_caller();
  if (workers_.empty() || job.num_tasks <= 1) {
    for (std::int64_t task = 0; task < job.num_tasks; ++task) job.call(job.context, task, 0);
    return;
  }
  if (job.num_tasks > std::numeric_limits<std::uint32_t>::max()) {
    throw InternalError("ThreadTeam: " + std::to_string(job.num_tasks) + " tasks are too many");
  }
  const auto num_tasks = static_cast<std::uint32_t>(job.num_tasks);
  job_ = job;
  num_done_.store(0, std::memory_order_relaxed);
  tasks_.store(std::uint64_t{num_tasks} << 32, std::memory_order_release);
  generation_.fetch_add(1, std::memory_order_release);
  generation_.notify_all();
  work(0);
  for (auto done = num_done_.load(std::memory_order_acquire); done != num_tasks;)
    done = wait_for_change(num_done_, done);
}

/// A worker may come late, when the job it woke for is over: then nothing is left to take, or it takes part in the next
/// one. Once it has taken a task the job cannot end before it has counted that task as done, so that all it takes are
/// tasks of one job.
void ThreadTeam::work(int thread) {
  std::uint32_t num_run = 0;
  std::uint32_t num_tasks = 0;
  for (std::uint64_t tasks = tasks_.load(std::memory_order_relaxed);;) {
    num_tasks = static_cast<std::uint32_t>(tasks >> 32);
    const auto task = static_cast<std::uint32_t>(tasks);
    if (task == num_tasks) break;
    if (!tasks_.compare_exchange_weak(tasks, tasks + 1, std::memory_order_acquire, std::memory_order_relaxed)) continue;
    job_.call(job_.context, task, thread);
    ++num_run;
    tasks = tasks_.load(std::memory_order_relaxed);
  }
  if (num_run == 0) return;
  if (num_done_.fetch_add(num_run, std::memory_order_acq_rel) + num_run == num_tasks) num_done_.notify_one();
}

/// A processor that has been taken away since then is no reason to stop: the thread runs elsewhere.
void ThreadTeam::pin(int thread) const {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(processors_[static_cast<std::size_t>(thread)], &set);
  sched_setaffinity(0, sizeof set, &set);
}

void ThreadTeam::pin_caller() {
  pin(0);
  caller_ = std::this_thread::get_id();
}

void ThreadTeam::worker_loop(int thread) {
  if (!processors_.empty()) pin(thread);
  std::uint32_t seen = 0;
  for (;;) {
    seen = wait_for_change(generation_, seen);
    if (stopping_.load(std::memory_order_relaxed)) return;
    work(thread);
  }
}

}  // namespace wedlm
