#include "wedlm/tensor/rotation.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace wedlm {
namespace {

void change_signs(std::span<float> block) {
  for (std::size_t i = 0; i < block.size(); ++i) {
    if ((kRotationSigns >> i & 1) != 0) block[i] = -block[i];
  }
}

/// Sums and differences of neighbours, then of those two apart, four apart and so on, and the division at the end.
/// What cpu/isa/kernels.inc does with vectors has the same bits.
void multiply_by_hadamard(std::span<float> block) {
  for (std::size_t half = 1; half < block.size(); half *= 2) {
    for (std::size_t first = 0; first < block.size(); first += 2 * half) {
      for (std::size_t i = first; i < first + half; ++i) {
        const float a = block[i], b = block[i + half];
        block[i] = a + b;
        block[i + half] = a - b;
      }
    }
  }
  const float scale = 1 / std::sqrt(static_cast<float>(block.size()));
  for (float& number : block) number *= scale;
}

template <class Body>
void for_blocks(std::span<float> row, const Body& body) {
  while (!row.empty()) {
    const std::size_t size = std::min(static_cast<std::size_t>(kRotatedInputs), std::bit_floor(row.size()));
    body(row.first(size));
    row = row.subspan(size);
  }
}

}  // namespace

void rotate(std::span<float> row) {
  for_blocks(row, [](std::span<float> block) {
    change_signs(block);
    multiply_by_hadamard(block);
  });
}

void rotate_back(std::span<float> row) {
  for_blocks(row, [](std::span<float> block) {
    multiply_by_hadamard(block);
    change_signs(block);
  });
}

}  // namespace wedlm
