#include "wedlm/eval/scatter_plot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "wedlm/base/error.h"

namespace wedlm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Checks elements, attributes and entities of a text without comments, and that every element is closed in turn.
/// Returns what is wrong, empty where nothing is.
std::string xml_fault(const std::string& xml) {
  std::vector<std::string> open;
  std::size_t num_roots = 0;
  for (std::size_t at = 0; at < xml.size();) {
    if (xml[at] == '&') {
      const std::size_t end = xml.find(';', at);
      const std::string entity = xml.substr(at, end - at + 1);
      if (entity != "&amp;" && entity != "&lt;" && entity != "&gt;" && entity != "&quot;") return "entity " + entity;
      at = end + 1;
      continue;
    }
    if (xml[at] != '<') {
      ++at;
      continue;
    }
    const std::size_t end = xml.find('>', at);
    if (end == std::string::npos) return "an element without an end";
    std::string inside = xml.substr(at + 1, end - at - 1);
    at = end + 1;
    if (inside.starts_with("/")) {
      if (open.empty() || open.back() != inside.substr(1)) return "closed out of turn: " + inside;
      open.pop_back();
      continue;
    }
    if (std::count(inside.begin(), inside.end(), '"') % 2 != 0) return "quotation marks in " + inside;
    if (inside.find('<') != std::string::npos) return "an angle bracket in " + inside;
    if (open.empty()) ++num_roots;
    const bool is_empty = inside.ends_with("/");
    if (!is_empty) open.push_back(inside.substr(0, inside.find(' ')));
  }
  if (!open.empty()) return open.back() + " is never closed";
  return num_roots == 1 ? "" : "not one root";
}

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

TEST(ScatterPlotTest, TicksAreRoundNumbersAroundTheValues) {
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

TEST(ScatterPlotTest, TheFrontIsWhatNothingBeats) {
  EXPECT_THAT(front_of(points()), ElementsAre(1, 3));
  const std::vector<PlotPoint> twins = {{.x = 1, .y = 1}, {.x = 1, .y = 1}};
  EXPECT_THAT(front_of(twins), ElementsAre(0, 1));
}

}  // namespace
}  // namespace wedlm
