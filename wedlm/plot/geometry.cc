#include "wedlm/plot/geometry.h"

#include <algorithm>

namespace wedlm {

double PlotBox::overlap(const PlotBox& other) const {
  const double shared_width = std::min(right(), other.right()) - std::max(x, other.x);
  const double shared_height = std::min(bottom(), other.bottom()) - std::max(y, other.y);
  return shared_width > 0 && shared_height > 0 ? shared_width * shared_height : 0;
}

PlotPosition PlotBox::nearest(PlotPosition position) const {
  return {std::clamp(position.x, x, right()), std::clamp(position.y, y, bottom())};
}

}  // namespace wedlm
