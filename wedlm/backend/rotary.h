// The angles of rotary position embeddings (Su et al. 2021, section 3.2), rounded the way the training code rounds
// them: frequencies and the product with the position in float32. A long context magnifies any other rounding.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace wedlm {

/// theta^(-2i/head_dim) for i in [0, head_dim / 2).
std::vector<float> rope_frequencies(double theta, std::int64_t head_dim);

/// angles = [cos of every position * frequency | sin of the same].             angles [2 * frequencies.size()]
void rope_angles_of(std::int32_t position, std::span<const float> frequencies, float* angles);

}  // namespace wedlm
