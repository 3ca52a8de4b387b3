#include "wedlm/load/arrivals.h"

#include <cmath>

#include "wedlm/base/random.h"

namespace wedlm::load {
namespace {

/// Exponentially distributed with mean 1, by inversion of a number above 0 and at most 1 with 53 bits.
double exponential(std::uint64_t seed, std::uint64_t index) {
  const auto draw = philox4x32({static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32), 0, 0},
                               {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)});
  const std::uint64_t bits = (std::uint64_t{draw[0]} << 32 | draw[1]) >> 11;
  return -std::log((static_cast<double>(bits) + 1) * 0x1p-53);
}

}  // namespace

double Arrivals::next() {
  const std::uint64_t index = num_arrived_++;
  if (process_ == ArrivalProcess::kEven) return static_cast<double>(index) / rate_;  // no sum of roundings
  if (index > 0) time_ += exponential(seed_, index) / rate_;
  return time_;
}

}  // namespace wedlm::load
