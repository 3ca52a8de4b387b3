// What a packed format (weight_format.h) makes of a row of weights: the values and scales that stand for them. Every
// backend multiplies by these same values and scales, in a layout of its own.
//
// The row is rotated first (rotation.h). What it has at input k then is kept as values[k], in groups of inputs that
// share a scale and a zero:
//   rotated weight = scales[k / group_size] * (values[k] - zeros[k / group_size])
// A scale may be negative. int8 has one group as long as the row, values in [-127, 127], a float32 scale and zero 0.
// int4 has values in [-8, 7], and its scales are bfloat16, so that the product above is exact in float32 and no backend
// can round it another way. Example, int4 with groups of 4: the rotated weights 0.5 1 -1 0.25 | 3 3.1 3.2 3.3 may
// become
//   values 2 4 -4 1 | -8 -7 -6 -5, scales 0.25 | 0.1, zeros 0 | -38.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "wedlm/tensor/weight_format.h"

namespace wedlm {

/// One output feature's weights in a packed format.
struct QuantizedRow {
  std::vector<std::int8_t> values;  // [in_features]
  std::vector<float> scales;        // [groups]
  std::vector<std::int8_t> zeros;   // [groups], 0 where the group is symmetric
  std::vector<float> rotated;       // [in_features], what quantize_row() works in

  /// Room for rows of `in_features`, so that quantize_row() allocates nothing.
  void resize(const WeightFormat& format, std::int64_t in_features);
};

/// The values and scales of `weights`. The scale of a group is searched for: of the candidates around the range of
/// the group, with a zero in the middle and (int4) with one that follows the range, the one of the least squared error
/// is taken and then fitted by least squares. `to` has room for the row. Returns false where a weight is not finite, or
/// so large (above 1e37) that sums of a rotation are not; `to` then means nothing. Throws InternalError for a format
/// that is not packed.
[[nodiscard]] bool quantize_row(std::span<const float> weights, const WeightFormat& format, QuantizedRow& to);

/// The weights that `row` stands for, rotated back.
void dequantize_row(const QuantizedRow& row, const WeightFormat& format, std::span<float> weights);

}  // namespace wedlm
