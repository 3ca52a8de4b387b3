// A fixed set of threads that share the work of one loop at a time. Workers spin briefly between loops, because the
// next op of a forward follows within microseconds, and then sleep, because a waiting server must cost nothing.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <type_traits>
#include <vector>

namespace wedlm {

enum class ThreadPlacement : std::uint8_t {
  kFree,    // the system moves threads as it sees fit
  kPinned,  // each stays on one processor: for machines that compute nothing else
};

/// That this process may run on.
int num_processors();

class ThreadTeam {
 public:
  /// `num_threads` counts the calling thread, so a team of 1 starts none. 0 means one for each processor that this
  /// process may run on. Pinned, thread i stays on the i-th of these, and whoever calls run() on the first. Throws
  /// InvalidInput for a negative or absurd number (more than 1024), and for more pinned threads than processors;
  /// ResourceError where the system gives fewer threads.
  explicit ThreadTeam(int num_threads, ThreadPlacement placement = ThreadPlacement::kFree);
  ~ThreadTeam();
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;

  int size() const { return static_cast<int>(workers_.size()) + 1; }

  /// Calls `body(task, thread)` once for each task in [0, num_tasks) and returns when all are done; `thread` is in
  /// [0, size()) and no two calls with the same `thread` overlap. A worker that has taken no task, because it sleeps or
  /// its processor is busy with something else, is not waited for. Only one thread may call run() at a time; `body`
  /// must not throw. Allocates nothing. Throws InternalError for 2^32 tasks or more.
  template <class Body>
  void run(std::int64_t num_tasks, Body&& body) {
    using Plain = std::remove_reference_t<Body>;
    dispatch(
        {.call = [](void* context, std::int64_t task, int thread) { (*static_cast<Plain*>(context))(task, thread); },
         .context = const_cast<void*>(static_cast<const void*>(&body)),
         .num_tasks = num_tasks});
  }

 private:
  struct Job {
    void (*call)(void* context, std::int64_t task, int thread) = nullptr;
    void* context = nullptr;
    std::int64_t num_tasks = 0;
  };

  void dispatch(const Job& job);
  void work(int thread);
  void worker_loop(int thread);
  void stop();
  void pin(int thread) const;
  void pin_caller();

  std::vector<int> processors_;  // of each thread, where they are pinned
  std::thread::id caller_;       // whom run() has pinned
  Job job_;  // stays as it is while one of its tasks is taken and not done; read only by whoever has taken one
  std::atomic<std::uint64_t> tasks_{0};       // their number in the high half, and how many were taken in the low half
  std::atomic<std::uint32_t> num_done_{0};    // tasks of the job
  std::atomic<std::uint32_t> generation_{0};  // counts jobs; a worker that sees it change takes part
  std::atomic<bool> stopping_{false};
  std::vector<std::thread> workers_;
};

}  // namespace wedlm
