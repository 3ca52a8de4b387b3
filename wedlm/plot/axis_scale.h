// One axis of a plot: which numbers stand at it, and where values lie along it.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace wedlm {

/// What values can be: the axis ends there.
struct ValueRange {
  double least = -1e300;
  double most = 1e300;
};

struct PixelRange {
  double first = 0;
  double last = 0;
};

class AxisScale {
 public:
  AxisScale() = default;
  /// The first tick stands at the first pixel. `values` has at least one.
  AxisScale(std::span<const double> values, const ValueRange& range, const PixelRange& pixels);

  double operator()(double value) const;
  const std::vector<double>& ticks() const { return ticks_; }
  /// A tick's number with as many digits as its neighbours need.
  std::string text(double tick) const;

 private:
  std::vector<double> ticks_;
  PixelRange pixels_;
};

/// Positions of the ticks of an axis: four to nine multiples of 1, 2 or 5 times a power of ten, from the one at or
/// below `low` to the one at or above `high`.
std::vector<double> nice_ticks(double low, double high);

}  // namespace wedlm
