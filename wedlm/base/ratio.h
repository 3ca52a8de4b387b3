// Quotients of counts and times that may be of nothing.
#pragma once

#include <cstdint>

namespace wedlm {

/// part / whole; 0 where there is no whole to divide by.
constexpr double ratio(double part, double whole) {
  return whole > 0 ? part / whole : 0;
}
constexpr double ratio(std::int64_t part, std::int64_t whole) {
  return ratio(static_cast<double>(part), static_cast<double>(whole));
}
constexpr double ratio(std::int64_t part, double whole) {
  return ratio(static_cast<double>(part), whole);
}

}  // namespace wedlm
