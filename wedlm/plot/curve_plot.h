// Curves over the same steps as one SVG file: panels one below the other, each with a scale of its own.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "wedlm/plot/axis_scale.h"
#include "wedlm/plot/geometry.h"

namespace wedlm {

struct PlotCurve {
  std::string name;                  // in the panel's legend
  std::vector<PlotPosition> points;  // values, by rising x; where they are few, each has a mark
};

struct PlotPanel {
  std::string title;
  std::string unit{};  // after each number: " %"
  ValueRange range{};
  std::vector<PlotCurve> curves;
};

struct CurvePlotText {
  std::string title;
  std::string caption;  // one line below the title
  std::string x_title;
};

/// A curve of more points than this is drawn through the means of so many equal parts of it.
inline constexpr std::size_t kMostCurvePoints = 390;

/// Curves without points, and panels without curves, are left out. Throws InternalError where nothing is left, and for
/// values that are not finite.
std::string curve_plot(const CurvePlotText& text, std::span<const PlotPanel> panels);

}  // namespace wedlm
