// Where the labels of a plot's points go, so that none lies on another, on a point, or outside of the frame, while each
// stays as near to its point as it can. It measures in pixels, y downwards, and knows no text.
#pragma once

#include <span>
#include <vector>

#include "wedlm/plot/geometry.h"

namespace wedlm {

struct LabelWish {
  PlotPosition point;  // the centre of its mark
  double width = 0;
  double height = 0;
};

/// Where labels may go, and what they should keep off.
struct LabelSpace {
  PlotBox frame;
  double mark_radius = 0;                // around every point
  std::span<const PlotLine> lines = {};  // which a label would rather not cross
};

/// One box for each wish. The choice is the same every time; with more labels than there is room for, some overlap.
std::vector<PlotBox> place_labels(std::span<const LabelWish> wishes, const LabelSpace& space);

}  // namespace wedlm
