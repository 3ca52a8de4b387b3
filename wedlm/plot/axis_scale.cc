#include "wedlm/plot/axis_scale.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>

#include "wedlm/plot/svg.h"

namespace wedlm {

AxisScale::AxisScale(std::span<const double> values, const ValueRange& range, const PixelRange& pixels)
    : pixels_(pixels) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  ticks_ = nice_ticks(*low, *high);
  // Equal values are spread around them, which must not go past what there can be.
  while (ticks_.size() > 2 && ticks_.back() > range.most && *high <= ticks_[ticks_.size() - 2]) ticks_.pop_back();
  while (ticks_.size() > 2 && ticks_.front() < range.least && *low >= ticks_[1]) ticks_.erase(ticks_.begin());
}

double AxisScale::operator()(double value) const {
  const double span = ticks_.back() - ticks_.front();
  return pixels_.first + (value - ticks_.front()) / span * (pixels_.last - pixels_.first);
}

std::string AxisScale::text(double tick) const {
  const double step = ticks_[1] - ticks_[0];
  if (step > 0.0009) return svg::number(tick, step >= 1 ? 0 : step >= 0.1 ? 1 : step >= 0.01 ? 2 : 3);
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3g", std::abs(tick) < step / 2 ? 0 : tick);
  return text.data();
}

std::vector<double> nice_ticks(double low, double high) {
  if (!(high > low)) {
    const double spread = low == 0 ? 1 : std::abs(low) * 0.05;
    low -= spread;
    high += spread;
  }
  const double rough = (high - low) / 6;
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double factor : {5.0, 2.0, 1.0}) {
    if (rough <= factor * power) step = factor * power;
  }
  const auto first = static_cast<std::int64_t>(std::floor(low / step + 1e-9));
  const auto last = static_cast<std::int64_t>(std::ceil(high / step - 1e-9));
  std::vector<double> ticks;
  for (std::int64_t i = first; i <= last; ++i) ticks.push_back(static_cast<double>(i) * step);
  return ticks;
}

}  // namespace wedlm
