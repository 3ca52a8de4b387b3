#include "wedlm/train/schedule.h"

#include <gtest/gtest.h>

namespace wedlm::train {
namespace {

/// transformers 5.24's get_scheduler("cosine", num_warmup_steps=2, num_training_steps=10), worked out by hand: half a
/// cosine over the eight steps after the warm-up.
TEST(ScheduleTest, RisesAndFallsAsTransformersHasIt) {
  const Schedule schedule{.peak = 1, .warmup_ratio = 0.2};
  EXPECT_DOUBLE_EQ(learning_rate(schedule, 0, 10), 0);
  EXPECT_DOUBLE_EQ(learning_rate(schedule, 1, 10), 0.5);
  EXPECT_DOUBLE_EQ(learning_rate(schedule, 2, 10), 1);
  EXPECT_DOUBLE_EQ(learning_rate(schedule, 6, 10), 0.5);
  EXPECT_NEAR(learning_rate(schedule, 4, 10), 0.853553, 1e-6);
  EXPECT_NEAR(learning_rate(schedule, 10, 10), 0, 1e-12);
}

TEST(ScheduleTest, AConstantOneStaysAtThePeak) {
  const Schedule schedule{.kind = ScheduleKind::kConstant, .peak = 2, .warmup_ratio = 0.1};
  EXPECT_DOUBLE_EQ(learning_rate(schedule, 5, 100), 1);
  EXPECT_DOUBLE_EQ(learning_rate(schedule, 10, 100), 2);
  EXPECT_DOUBLE_EQ(learning_rate(schedule, 99, 100), 2);
}

}  // namespace
}  // namespace wedlm::train
