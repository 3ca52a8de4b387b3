#include "wedlm/plot/scatter_plot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/plot/xml_fault.h"
#include "wedlm/base/error.h"

namespace wedlm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<PlotPoint> points() {
  return {{.x = 100, .y = 1, .group = "autoregressive", .label = "autoregressive", .detail = "base"},
          {.x = 60, .y = 1.8, .group = "streaming", .label = "τ 0.4 & \"more\"", .detail = "a < b > c"},
          {.x = 40, .y = 1.5, .group = "streaming", .label = "τ 0.8", .detail = "slow"},
          {.x = 100, .y = 1.4, .group = "exact", .label = "auto", .detail = "exact"}};
}

const PlotText kText = {.title = "Speed & agreement",
                        .caption = "<caption>",
                        .x = {.title = "same text", .unit = " %", .most = 100},
                        .y = {.title = "speed-up", .unit = "×"}};

TEST(ScatterPlotTest, IsWellFormedAndSaysWhatItWasGiven) {
  const std::string svg = scatter_plot(kText, points());
  EXPECT_EQ(xml_fault(svg), "");
  for (const char* part : {"Speed &amp; agreement", "&lt;caption&gt;", "same text", "speed-up", ">autoregressive<",
                           ">τ 0.4 &amp; &quot;more&quot;<", ">τ 0.8<", "a &lt; b &gt; c", ">100 %<", ">1.4×<",
                           "prefers-color-scheme:dark", "none is better in both"}) {
    EXPECT_THAT(svg, HasSubstr(part));
  }
  EXPECT_THAT(svg, testing::Not(HasSubstr(">120 %<")));
  EXPECT_THAT(svg, testing::Not(HasSubstr("nan")));
}

TEST(ScatterPlotTest, OnePointIsAPlotToo) {
  const std::vector<PlotPoint> alone = {points().front()};
  const std::string svg = scatter_plot(kText, alone);
  EXPECT_EQ(xml_fault(svg), "");
  EXPECT_THAT(svg, testing::Not(HasSubstr("none is better in both")));
  EXPECT_THAT(svg, testing::Not(HasSubstr("nan")));
}

TEST(ScatterPlotTest, WhatCannotBeDrawnIsRefused) {
  EXPECT_THROW(scatter_plot(kText, std::vector<PlotPoint>()), InternalError);
  std::vector<PlotPoint> with_nan = points();
  with_nan[1].y = std::nan("");
  EXPECT_THROW(scatter_plot(kText, with_nan), InternalError);
}

TEST(ScatterPlotTest, TheFrontIsWhatNothingBeats) {
  EXPECT_THAT(front_of(points()), ElementsAre(1, 3));
  const std::vector<PlotPoint> twins = {{.x = 1, .y = 1}, {.x = 1, .y = 1}};
  EXPECT_THAT(front_of(twins), ElementsAre(0, 1));
}

}  // namespace
}  // namespace wedlm
