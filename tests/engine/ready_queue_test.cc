// Keys come out in the order in which they went in, the descriptor can be read exactly while some are there, and none
// is lost between threads.
#include "wedlm/engine/ready_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <thread>

namespace wedlm {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

bool can_be_read(const ReadyQueue& queue, int timeout_ms = 0) {
  pollfd waited{.fd = queue.descriptor(), .events = POLLIN, .revents = 0};
  return poll(&waited, 1, timeout_ms) == 1;
}

TEST(ReadyQueueTest, TheDescriptorCanBeReadWhileSomethingIsThere) {
  const auto queue = ReadyQueue::make();
  EXPECT_FALSE(can_be_read(*queue));
  EXPECT_THAT(queue->take(), IsEmpty());
  const auto first = queue->on_ready(7);
  const auto second = queue->on_ready(3);
  first();
  second();
  first();
  EXPECT_TRUE(can_be_read(*queue));
  EXPECT_THAT(queue->take(), ElementsAre(7, 3, 7));
  EXPECT_FALSE(can_be_read(*queue));
  second();
  EXPECT_TRUE(can_be_read(*queue)) << "also the second time";
  EXPECT_THAT(queue->take(), ElementsAre(3));
}

TEST(ReadyQueueTest, LivesAsLongAsAnybodyPutsIntoIt) {
  auto queue = ReadyQueue::make();
  const std::weak_ptr<ReadyQueue> seen = queue;
  auto put = queue->on_ready(1);
  queue.reset();
  ASSERT_FALSE(seen.expired());
  put();
  put = nullptr;
  EXPECT_TRUE(seen.expired());
}

TEST(ReadyQueueTest, NothingIsLostBetweenThreads) {
  constexpr std::uint64_t kNumThreads = 3;
  constexpr int kNumPuts = 2000;
  const auto queue = ReadyQueue::make();
  std::vector<std::thread> writers;
  for (std::uint64_t key = 0; key < kNumThreads; ++key) {
    writers.emplace_back([put = queue->on_ready(key)] {
      for (int i = 0; i < kNumPuts; ++i) put();
    });
  }
  std::vector<int> counts(kNumThreads);
  for (int left = kNumThreads * kNumPuts; left > 0;) {
    ASSERT_TRUE(can_be_read(*queue, 60'000)) << left << " were not told of";
    for (const std::uint64_t key : queue->take()) {
      ++counts[key];
      --left;
    }
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_THAT(counts, ElementsAre(kNumPuts, kNumPuts, kNumPuts));
}

}  // namespace
}  // namespace wedlm
