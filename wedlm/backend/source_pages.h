// Weights are packed once, and lie in mapped files before: what was read is given back as the work goes on, so that a
// large matrix is not held twice.
#pragma once

#include <algorithm>
#include <cstdint>

#include "wedlm/base/thread_team.h"

namespace wedlm {

/// Calls body(task, thread) for tasks [0, num_tasks), which read `task_bytes` each of their source, a part after the
/// other, each on all threads; and give_back(first, count) when these tasks are done.
template <class Body, class GiveBack>
void run_giving_back(ThreadTeam& team, std::int64_t num_tasks, std::int64_t task_bytes, const Body& body,
                     const GiveBack& give_back) {
  // The threads wait for each other once for each part.
  constexpr std::int64_t kPartBytes = std::int64_t{16} << 20;
  constexpr std::int64_t kTasksPerThread = 8;
  const std::int64_t at_once =
      std::max(kPartBytes / std::max<std::int64_t>(1, task_bytes), kTasksPerThread * team.size());
  for (std::int64_t first = 0; first < num_tasks; first += at_once) {
    const std::int64_t count = std::min(at_once, num_tasks - first);
    team.run(count, [&](std::int64_t task, int thread) { body(first + task, thread); });
    give_back(first, count);
  }
}

}  // namespace wedlm
