#include "wedlm/plot/axis_scale.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wedlm {
namespace {

using testing::ElementsAre;

std::vector<std::string> texts(const std::vector<double>& values, const ValueRange& range = {}) {
  const AxisScale scale(values, range, {0, 100});
  std::vector<std::string> texts;
  for (const double tick : scale.ticks()) texts.push_back(scale.text(tick));
  return texts;
}

TEST(AxisScaleTest, TicksHaveTheDigitsThatTheyNeed) {
  EXPECT_THAT(texts({0, 40}), ElementsAre("0", "10", "20", "30", "40"));
  EXPECT_THAT(texts({1, 2}), ElementsAre("1.0", "1.2", "1.4", "1.6", "1.8", "2.0"));
  EXPECT_THAT(texts({0, 3e-6}), ElementsAre("0", "5e-07", "1e-06", "1.5e-06", "2e-06", "2.5e-06", "3e-06"));
}

TEST(AxisScaleTest, EqualValuesAreNotSpreadPastWhatThereCanBe) {
  EXPECT_EQ(texts({100, 100}, {.most = 100}).back(), "100");
  EXPECT_EQ(texts({0, 0}, {.least = 0}).front(), "0.0");
}

TEST(AxisScaleTest, ATickIsAtItsPixel) {
  const std::vector<double> values = {3, 37};
  const AxisScale scale(values, {}, {10, 90});
  EXPECT_DOUBLE_EQ(scale(0), 10);
  EXPECT_DOUBLE_EQ(scale(20), 50);
  EXPECT_DOUBLE_EQ(scale(40), 90);
}

TEST(AxisScaleTest, TicksAreRoundNumbersAroundTheValues) {
  EXPECT_THAT(nice_ticks(12, 100), ElementsAre(0, 20, 40, 60, 80, 100));
  EXPECT_THAT(nice_ticks(1, 2), ElementsAre(1, testing::DoubleNear(1.2, 1e-9), testing::DoubleNear(1.4, 1e-9),
                                            testing::DoubleNear(1.6, 1e-9), testing::DoubleNear(1.8, 1e-9), 2));
  for (const auto& [low, high] : std::vector<std::pair<double, double>>{{0.97, 3.4}, {55, 55.3}, {0, 0}, {86, 86}}) {
    const std::vector<double> ticks = nice_ticks(low, high);
    EXPECT_GE(ticks.size(), 3U) << low << " " << high;
    EXPECT_LE(ticks.size(), 9U) << low << " " << high;
    EXPECT_LE(ticks.front(), low);
    EXPECT_GE(ticks.back(), high);
  }
}

}  // namespace
}  // namespace wedlm
