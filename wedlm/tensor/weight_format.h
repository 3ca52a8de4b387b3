// The formats in which the weight of a linear layer may be kept, and what each of them means: the integers and scales
// that stand for a row of weights. Every backend multiplies by these same integers and scales, in a layout of its own.
//
// An integer format keeps output feature f, input k as values[k], in groups of inputs that share a scale and a zero:
//   weight = scales[k / group_size] * (values[k] - zeros[k / group_size])
// A scale may be negative. int8 has one group as long as the row, values in [-127, 127], a float32 scale and zero 0.
// int4 has values in [-8, 7], and its scales are bfloat16, so that the product above is exact in float32 and no backend
// can round it another way. Example, int4 with groups of 4: the weights 0.5 1 -1 0.25 | 3 3.1 3.2 3.3 may become
//   values 2 4 -4 1 | -8 -7 -6 -5, scales 0.25 | 0.1, zeros 0 | -38.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wedlm/tensor/dtype.h"

namespace wedlm {

enum class WeightType : std::uint8_t {
  kStored,  // as the checkpoint has it: bfloat16 stays, float16 and float32 are multiplied as float32
  kBF16,    // rounded to bfloat16
  kInt8,
  kInt4,
};

inline constexpr std::int64_t kDefaultGroupSize = 64;

struct WeightFormat {
  WeightType type = WeightType::kStored;
  std::int64_t group_size = kDefaultGroupSize;  // of int4: 32, 64 or 128

  bool operator==(const WeightFormat&) const = default;
  bool is_integer() const { return type == WeightType::kInt8 || type == WeightType::kInt4; }
  /// Inputs that share a scale in a row of `in_features`; the last group may be shorter.
  std::int64_t inputs_per_group(std::int64_t in_features) const {
    return type == WeightType::kInt4 ? group_size : in_features;
  }
  std::int64_t num_groups(std::int64_t in_features) const {
    const std::int64_t group = inputs_per_group(in_features);
    return group == 0 ? 0 : (in_features + group - 1) / group;
  }
};

/// Bytes that a matrix takes in a format, as backends lay it out; `stored_type` is what the checkpoint has.
std::int64_t weight_bytes(const WeightFormat& format, DType stored_type, std::int64_t out_features,
                          std::int64_t in_features);
/// For people: "bf16", "int4 in groups of 64"; empty for what is as stored.
std::string describe(const WeightFormat& format);

/// "stored", "bf16", "int8", "int4".
std::string_view weight_type_name(WeightType type);
/// Throws InvalidInput for any other name, listing those.
WeightType parse_weight_type(std::string_view name);
/// Throws InvalidInput unless `format` has a group size that int4 knows.
void check_weight_format(const WeightFormat& format);

/// One output feature's weights in an integer format.
struct QuantizedRow {
  std::vector<std::int8_t> values;  // [in_features]
  std::vector<float> scales;        // [groups]
  std::vector<std::int8_t> zeros;   // [groups], 0 where the group is symmetric

  /// Room for rows of `in_features`, so that quantize_row() allocates nothing.
  void resize(const WeightFormat& format, std::int64_t in_features);
};

/// The integers and scales of `weights`. The scale of a group is searched for: of the candidates around the range of
/// the group, with a zero in the middle and (int4) with one that follows the range, the one of the least squared error
/// is taken and then fitted by least squares. `to` has room for the row. Returns false where a weight is not finite;
/// `to` then means nothing.
[[nodiscard]] bool quantize_row(std::span<const float> weights, const WeightFormat& format, QuantizedRow& to);

/// The weights that `row` stands for.
void dequantize_row(const QuantizedRow& row, const WeightFormat& format, std::span<float> weights);

}  // namespace wedlm
