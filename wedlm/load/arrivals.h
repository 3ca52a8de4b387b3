// When the requests of an open loop come, whether or not earlier ones are answered.
#pragma once

#include <cstdint>

namespace wedlm::load {

enum class ArrivalProcess {
  kPoisson,  // independent of each other: gaps are exponentially distributed
  kEven,     // all gaps alike
};

class Arrivals {
 public:
  /// `rate`: requests a second on average, above 0.
  Arrivals(ArrivalProcess process, double rate, std::uint64_t seed) : process_(process), rate_(rate), seed_(seed) {}

  /// Seconds since the beginning, never falling from one call to the next; the first one is 0.
  double next();

 private:
  ArrivalProcess process_;
  double rate_;
  std::uint64_t seed_;
  std::uint64_t num_arrived_ = 0;
  double time_ = 0;
};

}  // namespace wedlm::load
