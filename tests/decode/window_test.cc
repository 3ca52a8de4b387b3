#include "wedlm/decode/window.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wedlm/base/error.h"

namespace wedlm {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(WindowTest, OnlyTheLeadingRunLeaves) {
  Window window;
  window.refill(4);
  window.fill(0, 10);
  window.fill(3, 13);
  EXPECT_THAT(window.take_leading_run(), ElementsAre(10));
  EXPECT_THAT(window.take_leading_run(), IsEmpty());
  EXPECT_EQ(window.size(), 3);
  window.refill(4);
  EXPECT_TRUE(window.positions()[2].filled);  // the fill moved with its position
  window.fill(0, 11);
  window.fill(1, 12);
  EXPECT_THAT(window.take_leading_run(), ElementsAre(11, 12, 13));
  EXPECT_EQ(window.size(), 1);
}

TEST(WindowTest, AFilledPositionNeverChanges) {
  Window window;
  window.refill(2);
  window.fill(1, 5);
  EXPECT_THROW(window.fill(1, 6), InternalError);
  EXPECT_THROW(window.fill(2, 6), InternalError);
  EXPECT_THROW(window.fill(-1, 6), InternalError);
}

}  // namespace
}  // namespace wedlm
