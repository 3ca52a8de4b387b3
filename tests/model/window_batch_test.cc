#include "wedlm/model/window_batch.h"

#include <gtest/gtest.h>

namespace wedlm {
namespace {

TEST(WindowBatchTest, FollowsItsPrefix) {
  const Batch batch = window_batch({7, 5, 7}, 9, 4);
  EXPECT_NO_THROW(batch.check(8, 12, 4));
  EXPECT_EQ(batch.positions, (std::vector<std::int32_t>{9, 10, 11}));
  EXPECT_EQ(batch.slots, (std::vector<std::int32_t>{-1, -1, -1}));
  EXPECT_EQ(batch.prediction_rows, (std::vector<std::int32_t>{0, 1, 2}));
  ASSERT_EQ(batch.segments.size(), 1U);
  EXPECT_EQ(batch.segments[0].prefix_length, 9);
  EXPECT_EQ(batch.segments[0].block_table, (std::vector<std::int32_t>{0, 1, 2}));
  EXPECT_TRUE(window_batch({1}, 0, 4).segments[0].block_table.empty());
}

}  // namespace
}  // namespace wedlm
