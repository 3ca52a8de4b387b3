// The angles of rotary position embeddings (Su et al. 2021, section 3.2), rounded the way the training code rounds
// them: frequencies and the product with the position in float32. A long context magnifies any other rounding.
#pragma once

#include <cstdint>
#include <vector>

namespace wedlm {

/// How positions turn the heads of a model.
struct Rotation {
  std::vector<float> frequencies{};  // radians that pair i turns with each position            [head_dim / 2]
  float scale = 1;                   // of cos and sin: YaRN's attention factor

  bool operator==(const Rotation&) const = default;
};

/// theta^(2i/head_dim) for i in [0, head_dim / 2): positions for one radian.
std::vector<float> rope_periods(double theta, std::int64_t head_dim);

/// The plain rotation: one over rope_periods(), unscaled.
Rotation plain_rotation(double theta, std::int64_t head_dim);

/// angles = [scale * cos of every position * frequency | scale * sin of the same].   angles [2 * frequencies.size()]
void rope_angles_of(std::int32_t position, const Rotation& rotation, float* angles);

}  // namespace wedlm
