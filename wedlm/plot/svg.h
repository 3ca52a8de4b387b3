// The elements of our pictures as SVG: they need no script and no font of their own, and follow a dark page. Classes of
// a style sheet that all share say how things look.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "wedlm/plot/geometry.h"

namespace wedlm::svg {

inline constexpr std::size_t kNumColours = 5;  // of the classes g0, g1, ..., which fill, and c0, c1, ..., which stroke

std::string number(double value, int digits = 1);
std::string escaped(std::string_view text);

struct TextStyle {
  const char* css_class;
  const char* anchor;  // "start", "middle" or "end"
};

std::string text(PlotPosition at, const TextStyle& style, std::string_view text);
std::string line(PlotPosition a, PlotPosition b, const char* css_class);
std::string polyline(std::span<const PlotPosition> points, std::string_view css_classes);
std::string circle(PlotPosition centre, double radius, std::string_view css_classes);
/// A rectangle that is drawn around and not filled.
std::string frame(const PlotBox& box);
/// A text that reads upwards.
std::string upward_text(PlotPosition at, std::string_view text);

/// Pixels that a text of 12 takes in a common sans-serif font, rather too many than too few.
double text_width(std::string_view text);

/// A whole file of that size with its title, which is also what a viewer without pictures reads.
std::string page(double width, double height, std::string_view title, const std::string& elements);

}  // namespace wedlm::svg
