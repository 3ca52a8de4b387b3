#include "wedlm/train/curves.h"

#include <gmock/gmock.h>

#include "tests/support/data.h"

namespace wedlm::train {
namespace {

using testing::HasSubstr;
using testing::Not;

class CurvesTest : public testing::Test {
 protected:
  TemporaryFolder folder_;
  Metrics metrics_{folder_.path(), std::nullopt};
};

TEST_F(CurvesTest, NothingIsDrawnOfNothing) {
  EXPECT_EQ(curves(metrics_, "run"), std::nullopt);
}

TEST_F(CurvesTest, WhatWasMeasuredHasItsPanel) {
  for (std::int64_t step = 1; step <= 5; ++step) {
    metrics_.append(Json::object({{"step", step}, {"loss", 2.0 / static_cast<double>(step)}, {"learning_rate", 1e-5}}));
  }
  std::string svg = *curves(metrics_, "my <run>");
  for (const char* part : {"Training my &lt;run&gt;", ">5 steps<", ">Loss<", ">Learning rate<", ">1e-05<"}) {
    EXPECT_THAT(svg, HasSubstr(part));
  }
  for (const char* part : {">Held-out loss<", ">Right answers<", ">masked<"}) EXPECT_THAT(svg, Not(HasSubstr(part)));
  metrics_.append(Json::object({{"step", 3}, {"exercise_accuracy", 0.25}}));
  metrics_.append(Json::object({{"step", 5}, {"eval_loss", 1.5}, {"exercise_accuracy", 0.75}}));
  svg = *curves(metrics_, "run");
  for (const char* part : {">Held-out loss<", ">Right answers<", ">70 %<"}) EXPECT_THAT(svg, HasSubstr(part));
}

}  // namespace
}  // namespace wedlm::train
