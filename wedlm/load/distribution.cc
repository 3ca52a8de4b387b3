#include "wedlm/load/distribution.h"

#include <algorithm>
#include <numeric>

namespace wedlm::load {

double quantile(std::span<const double> sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (place - static_cast<double>(below));
}

std::optional<Distribution> distribution_of(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  std::sort(values.begin(), values.end());
  return Distribution{.count = values.size(),
                      .mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size()),
                      .median = quantile(values, 0.5),
                      .p90 = quantile(values, 0.9),
                      .p99 = quantile(values, 0.99)};
}

}  // namespace wedlm::load
