// What a set of measured times looks like: mean and percentiles.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace wedlm::load {

/// All in the unit of the values.
struct Distribution {
  std::size_t count = 0;
  double mean = 0;
  double median = 0;
  double p90 = 0;
  double p99 = 0;
};

/// The value below which `share` (0 to 1) of the sorted values lie, interpolated between neighbours as NumPy and most
/// spreadsheets do (Hyndman and Fan's definition 7). At least one value.
double quantile(std::span<const double> sorted, double share);

/// nullopt of nothing.
std::optional<Distribution> distribution_of(std::vector<double> values);

}  // namespace wedlm::load
