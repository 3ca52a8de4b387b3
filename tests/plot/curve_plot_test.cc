#include "wedlm/plot/curve_plot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "tests/plot/xml_fault.h"
#include "wedlm/base/error.h"

namespace wedlm {
namespace {

using testing::HasSubstr;
using testing::Not;

const CurvePlotText kText = {.title = "A & B", .caption = "<caption>", .x_title = "Step"};

PlotCurve line(const std::string& name, std::size_t count) {
  PlotCurve curve{.name = name, .points = {}};
  for (std::size_t i = 0; i < count; ++i) curve.points.push_back({static_cast<double>(i), static_cast<double>(i % 2)});
  return curve;
}

/// The points of each polyline of that class.
std::vector<std::vector<PlotPosition>> polylines(const std::string& svg, const std::string& css_class) {
  std::vector<std::vector<PlotPosition>> all;
  const std::string begin = "<polyline points=\"", end = "\" class=\"" + css_class + "\"";
  for (std::size_t at = svg.find(begin); at != std::string::npos; at = svg.find(begin, at + 1)) {
    const std::size_t last = svg.find('"', at + begin.size());
    if (svg.compare(last, end.size(), end) != 0) continue;
    std::istringstream text(svg.substr(at + begin.size(), last - at - begin.size()));
    auto& points = all.emplace_back();
    PlotPosition point;
    for (char comma = 0; text >> point.x >> comma >> point.y;) points.push_back(point);
  }
  return all;
}

TEST(CurvePlotTest, IsWellFormedAndSaysWhatItWasGiven) {
  const std::vector<PlotPanel> panels = {
      {.title = "Loss", .curves = {{.name = "a < b", .points = {{0, 4}, {10, 2}, {20, 1}}}, line("none", 0)}},
      {.title = "Share", .unit = " %", .range = {0, 100}, .curves = {{.name = "right", .points = {{20, 100}}}}},
      {.title = "Empty", .curves = {line("nothing", 0)}}};
  const std::string svg = curve_plot(kText, panels);
  EXPECT_EQ(xml_fault(svg), "");
  for (const char* part : {"A &amp; B", "&lt;caption&gt;", ">Step<", ">Loss<", ">a &lt; b<", ">right<", ">100 %<",
                           ">20<", "prefers-color-scheme:dark"}) {
    EXPECT_THAT(svg, HasSubstr(part));
  }
  for (const char* part : {"nan", ">Empty<", ">none<", ">nothing<", ">105 %<"}) EXPECT_THAT(svg, Not(HasSubstr(part)));
}

TEST(CurvePlotTest, ValuesLieWhereTheirTicksAre) {
  const std::vector<PlotPanel> panels = {
      {.title = "P", .curves = {{.name = "c", .points = {{0, 0}, {50, 1}, {100, 4}}}}}};
  // The legend's line is the first one.
  const auto points = polylines(curve_plot(kText, panels), "curve c0").at(1);
  ASSERT_EQ(points.size(), 3U);
  EXPECT_NEAR(points[1].x - points[0].x, points[2].x - points[1].x, 0.2);
  EXPECT_NEAR(4 * (points[0].y - points[1].y), points[0].y - points[2].y, 0.6);
  EXPECT_GT(points[0].y, points[2].y) << "larger values stand higher";
}

TEST(CurvePlotTest, ALongCurveIsDrawnThroughMeans) {
  const std::vector<PlotPanel> panels = {{.title = "P", .curves = {line("c", 100 * kMostCurvePoints), line("d", 12)}}};
  const std::string svg = curve_plot(kText, panels);
  const auto points = polylines(svg, "curve c0").at(1);
  EXPECT_EQ(points.size(), kMostCurvePoints);
  for (const PlotPosition& point : points) EXPECT_NEAR(point.y, points[0].y, 0.11) << "0 and 1 in turn";
  EXPECT_EQ(polylines(svg, "curve c1").at(1).size(), 12U);
  EXPECT_THAT(svg, Not(HasSubstr("mark g0")));
  EXPECT_THAT(svg, HasSubstr("mark g1")) << "few points have marks";
}

TEST(CurvePlotTest, WhatCannotBeDrawnIsRefused) {
  EXPECT_THROW(curve_plot(kText, std::vector<PlotPanel>{{.title = "P", .curves = {line("c", 0)}}}), InternalError);
  EXPECT_THROW(curve_plot(kText, std::vector<PlotPanel>{{.title = "P",
                                                         .curves = {{.name = "c", .points = {{1, std::nan("")}}}}}}),
               InternalError);
}

}  // namespace
}  // namespace wedlm
