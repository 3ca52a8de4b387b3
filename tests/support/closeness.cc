#include "tests/support/closeness.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace wedlm {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

bool are_finite(std::span<const float> values) {
  return std::ranges::all_of(values, [](float value) { return std::isfinite(value); });
}

}  // namespace

double farther(double a, double b) {
  return std::isfinite(a) && std::isfinite(b) ? std::max(a, b) : kInfinity;
}

double distance(double got, double expected) {
  return farther(0, std::abs(got - expected));
}

double largest_distance(std::span<const float> got, std::span<const float> expected) {
  if (got.size() != expected.size()) return kInfinity;
  double largest = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    largest = farther(largest, distance(static_cast<double>(got[i]), static_cast<double>(expected[i])));
  }
  return largest;
}

double relative_error(std::span<const float> got, std::span<const float> expected) {
  const double largest = largest_distance(got, expected);
  if (!std::isfinite(largest)) return largest;  // infinity over infinity would be no number
  double magnitude = 1;
  for (const float value : expected) magnitude = std::max(magnitude, std::abs(static_cast<double>(value)));
  return largest / magnitude;
}

double share_of_range(std::span<const float> got, std::span<const float> expected) {
  const double largest = largest_distance(got, expected);
  if (!std::isfinite(largest) || expected.empty()) return kInfinity;
  const auto [low, high] = std::ranges::minmax(expected);
  return low < high ? largest / (static_cast<double>(high) - static_cast<double>(low)) : kInfinity;
}

bool same_bits(std::span<const float> a, std::span<const float> b) {
  return a.size() == b.size() && are_finite(a) && std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

}  // namespace wedlm
