#include "wedlm/base/thread_team.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "wedlm/base/error.h"

namespace wedlm {
namespace {

TEST(ThreadTeamTest, EveryTaskRunsOnce) {
  for (const int num_threads : {1, 2, 5}) {
    ThreadTeam team(num_threads);
    EXPECT_EQ(team.size(), num_threads);
    for (const int num_tasks : {0, 1, 2, 7, 1000}) {
      for (int repeat = 0; repeat < 50; ++repeat) {
        std::vector<int> counts(static_cast<std::size_t>(num_tasks), 0);
        std::vector<int> per_thread(static_cast<std::size_t>(num_threads), 0);
        team.run(num_tasks, [&](std::int64_t task, int thread) {
          ++counts[static_cast<std::size_t>(task)];
          ++per_thread[static_cast<std::size_t>(thread)];
        });
        for (const int count : counts) ASSERT_EQ(count, 1);
        int total = 0;
        for (const int count : per_thread) total += count;
        ASSERT_EQ(total, num_tasks);
      }
    }
  }
}

std::vector<int> processors_of_this_thread() {
  cpu_set_t set;
  CPU_ZERO(&set);
  EXPECT_EQ(sched_getaffinity(0, sizeof set, &set), 0);
  std::vector<int> processors;
  for (int i = 0; i < CPU_SETSIZE; ++i) {
    if (CPU_ISSET(i, &set)) processors.push_back(i);
  }
  return processors;
}

TEST(ThreadTeamTest, PinnedThreadsHaveAProcessorEach) {
  const std::vector<int> allowed = processors_of_this_thread();
  EXPECT_THROW(ThreadTeam(static_cast<int>(allowed.size()) + 1, ThreadPlacement::kPinned), InvalidInput);
  std::vector<std::vector<int>> processors(allowed.size());
  // Another thread makes the team and runs it, so that this one stays as it was.
  std::thread([&] {
    ThreadTeam team(0, ThreadPlacement::kPinned);
    ASSERT_EQ(team.size(), static_cast<int>(allowed.size()));
    std::atomic<std::size_t> num_seen = 0;
    std::vector<std::atomic<bool>> is_seen(allowed.size());
    while (num_seen < allowed.size()) {
      team.run(64, [&](std::int64_t, int thread) {
        const auto i = static_cast<std::size_t>(thread);
        processors[i] = processors_of_this_thread();
        if (!is_seen[i].exchange(true)) ++num_seen;
        std::this_thread::yield();
      });
    }
    // A thread that is pinned makes teams of as many threads as before.
    EXPECT_EQ(ThreadTeam(0).size(), static_cast<int>(allowed.size()));
  }).join();
  for (std::size_t i = 0; i < allowed.size(); ++i) EXPECT_EQ(processors[i], std::vector<int>{allowed[i]});
  EXPECT_EQ(processors_of_this_thread(), allowed);
}

TEST(ThreadTeamTest, WakesWorkersThatSleep) {
  ThreadTeam team(3);
  for (int repeat = 0; repeat < 3; ++repeat) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    std::atomic<int> sum = 0;
    team.run(100, [&](std::int64_t task, int) { sum += static_cast<int>(task); });
    EXPECT_EQ(sum, 4950);
  }
}

/// Jobs of other tasks, other memory and another sum follow each other as fast as they can, so that workers come late:
/// more threads than any machine here has processors, and most jobs over before the last of them wakes.
TEST(ThreadTeamTest, WorkersThatComeLateDoNoHarm) {
  ThreadTeam team(9);
  for (std::uint32_t job = 0; job < 20'000; ++job) {
    const std::int64_t num_tasks = 2 + job % 13;
    std::vector<std::uint32_t> results(static_cast<std::size_t>(num_tasks), 0);
    team.run(num_tasks, [&](std::int64_t task, int) { results[static_cast<std::size_t>(task)] += job + 1; });
    for (const std::uint32_t result : results) ASSERT_EQ(result, job + 1);
  }
}

TEST(ThreadTeamTest, OneLongTaskHoldsNobodyUp) {
  ThreadTeam team(3);
  for (int repeat = 0; repeat < 20; ++repeat) {
    // One of the three threads is held inside its task until both others have had all the rest.
    std::atomic<int> num_others = 0;
    team.run(12, [&](std::int64_t task, int) {
      if (task == 0) {
        while (num_others < 11) std::this_thread::yield();
      } else {
        ++num_others;
      }
    });
    EXPECT_EQ(num_others, 11);
  }
}

TEST(ThreadTeamTest, RefusesAbsurdSizes) {
  EXPECT_THROW(ThreadTeam(-1), InvalidInput);
  EXPECT_THROW(ThreadTeam(100'000), InvalidInput);
  EXPECT_GE(ThreadTeam(0).size(), 1);
  ThreadTeam team(2);
  EXPECT_THROW(team.run(std::int64_t{1} << 32, [](std::int64_t, int) {}), InternalError);
}

}  // namespace
}  // namespace wedlm
