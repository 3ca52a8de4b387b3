#include "wedlm/base/thread_team.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

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

TEST(ThreadTeamTest, WakesWorkersThatSleep) {
  ThreadTeam team(3);
  for (int repeat = 0; repeat < 3; ++repeat) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    std::atomic<int> sum = 0;
    team.run(100, [&](std::int64_t task, int) { sum += static_cast<int>(task); });
    EXPECT_EQ(sum, 4950);
  }
}

TEST(ThreadTeamTest, RefusesAbsurdSizes) {
  EXPECT_THROW(ThreadTeam(-1), InvalidInput);
  EXPECT_THROW(ThreadTeam(100'000), InvalidInput);
  EXPECT_GE(ThreadTeam(0).size(), 1);
}

}  // namespace
}  // namespace wedlm
