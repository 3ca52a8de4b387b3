#include "wedlm/backend/rotary.h"

#include <cmath>

namespace wedlm {

std::vector<float> rope_periods(double theta, std::int64_t head_dim) {
  std::vector<float> periods;
  for (std::int64_t i = 0; i < head_dim / 2; ++i) {
    const float exponent = static_cast<float>(2 * i) / static_cast<float>(head_dim);
    periods.push_back(static_cast<float>(std::pow(theta, static_cast<double>(exponent))));
  }
  return periods;
}

Rotation plain_rotation(double theta, std::int64_t head_dim) {
  Rotation rotation{.frequencies = rope_periods(theta, head_dim)};
  for (float& frequency : rotation.frequencies) frequency = 1.0F / frequency;
  return rotation;
}

void rope_angles_of(std::int32_t position, const Rotation& rotation, float* angles) {
  const std::size_t half = rotation.frequencies.size();
  for (std::size_t i = 0; i < half; ++i) {
    const float angle = static_cast<float>(position) * rotation.frequencies[i];
    angles[i] = rotation.scale * static_cast<float>(std::cos(static_cast<double>(angle)));
    angles[half + i] = rotation.scale * static_cast<float>(std::sin(static_cast<double>(angle)));
  }
}

}  // namespace wedlm
