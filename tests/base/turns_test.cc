// Turns are taken one at a time and in the order of asking.
#include "wedlm/base/turns.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "wedlm/base/error.h"

namespace wedlm {
namespace {

TEST(TurnsTest, OneAtATime) {
  Turns turns;
  int count = 0;  // guarded by the turn
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 500; ++j) {
        const Turns::Turn turn = turns.take();
        ++count;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(count, 2000);
}

TEST(TurnsTest, WhoAskedFirstIsFirst) {
  Turns turns;
  std::vector<int> order;
  std::vector<std::thread> threads;
  {
    const Turns::Turn mine = turns.take();
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&turns, &order, i] {
        const Turns::Turn turn = turns.take();
        order.push_back(i);
      });
      std::this_thread::sleep_for(std::chrono::milliseconds(30));  // until it waits
    }
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
}

TEST(TurnsTest, ATurnMayBeHandedOnAndNotTakenTwice) {
  Turns turns;
  Turns::Turn turn = turns.take();
  EXPECT_THROW(turns.take(), InternalError);
  std::thread([moved = std::move(turn)] {}).join();
  EXPECT_NO_THROW(turns.take());
}

}  // namespace
}  // namespace wedlm
