// A scatter plot as one SVG file: axes, ticks, a legend, a name beside each point, and the line through the points that
// no other one beats in both directions. It needs no script and no font of its own, and follows a dark page.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace wedlm {

struct PlotPoint {
  double x = 0;
  double y = 0;
  std::string group;   // its colour, its mark and its line of the legend
  std::string label;   // beside it
  std::string detail;  // shown where a viewer points at it
};

struct PlotAxis {
  std::string title;
  std::string unit;     // after each number: "%"
  double most = 1e300;  // that a value can have: the axis ends there
};

struct PlotText {
  std::string title;
  std::string caption;  // one line below the title
  PlotAxis x;
  PlotAxis y;
};

/// The first point is the base: two thin lines go through it. Larger is better on both axes. Throws InternalError
/// without points, and for values that are not finite.
std::string scatter_plot(const PlotText& text, std::span<const PlotPoint> points);

/// Points that no other one beats or equals in one direction without losing in the other, by rising x. Of equal
/// points all count.
std::vector<std::size_t> front_of(std::span<const PlotPoint> points);

}  // namespace wedlm
