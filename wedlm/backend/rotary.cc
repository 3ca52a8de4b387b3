#include "wedlm/backend/rotary.h"

#include <cmath>

namespace wedlm {

std::vector<float> rope_frequencies(double theta, std::int64_t head_dim) {
  std::vector<float> frequencies;
  for (std::int64_t i = 0; i < head_dim / 2; ++i) {
    const float exponent = static_cast<float>(2 * i) / static_cast<float>(head_dim);
    frequencies.push_back(1.0F / static_cast<float>(std::pow(theta, static_cast<double>(exponent))));
  }
  return frequencies;
}

void rope_angles_of(std::int32_t position, std::span<const float> frequencies, float* angles) {
  const std::size_t half = frequencies.size();
  for (std::size_t i = 0; i < half; ++i) {
    const float angle = static_cast<float>(position) * frequencies[i];
    angles[i] = static_cast<float>(std::cos(static_cast<double>(angle)));
    angles[half + i] = static_cast<float>(std::sin(static_cast<double>(angle)));
  }
}

}  // namespace wedlm
