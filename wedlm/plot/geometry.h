// Places in a picture, in pixels, y downwards.
#pragma once

namespace wedlm {

struct PlotPosition {
  double x = 0;
  double y = 0;
};

struct PlotBox {
  double x = 0;  // left
  double y = 0;  // top
  double width = 0;
  double height = 0;

  double right() const { return x + width; }
  double bottom() const { return y + height; }
  /// The area of what both cover.
  double overlap(const PlotBox& other) const;
  /// The position inside that is nearest.
  PlotPosition nearest(PlotPosition position) const;
};

struct PlotLine {
  PlotPosition from;
  PlotPosition to;
};

}  // namespace wedlm
