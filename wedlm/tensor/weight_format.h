// The formats in which the weight of a linear layer may be kept: one table of them, kWeightTypes, from which names,
// sizes and what a layout has to know follow. What the codes of a packed format are, quantized_row.h says.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wedlm/base/named.h"
#include "wedlm/tensor/dtype.h"

namespace wedlm {

enum class WeightType : std::uint8_t {
  kStored,  // as the checkpoint has it: bfloat16 stays, float16 and float32 are multiplied as float32
  kBF16,    // rounded to bfloat16
  kInt8,
  kInt4,
};

/// What stands beside the codes of a packed format.
enum class WeightScales : std::uint8_t {
  kNone,       // not packed: each weight is a number by itself
  kPerOutput,  // a float32 for all inputs of an output feature
  kPerGroup,   // for each group of inputs a bfloat16, and a zero from -128 to 127
};

/// What all formats of one type have in common.
struct WeightTypeTraits {
  WeightType type;
  std::string_view name;
  WeightType head;  // what a model's head has where its layers have this type and nothing else is asked for

  std::optional<DType> rounded_to = std::nullopt;  // of a type that is not packed: nullopt keeps numbers as they are

  WeightScales scales = WeightScales::kNone;
  int bits = 0;               // of a packed code: 4 or 8
  bool has_integers = false;  // codes are integers, whose products with integers a backend may sum exactly
  int bias = 0;               // what a code is stored above its meaning in panels (weight_panels.h)
};

/// In the order of WeightType. A head rounds what no later layer evens out, so that of int4 is int8.
inline constexpr std::array kWeightTypes = {
    WeightTypeTraits{.type = WeightType::kStored, .name = "stored", .head = WeightType::kStored},
    WeightTypeTraits{.type = WeightType::kBF16, .name = "bf16", .head = WeightType::kBF16, .rounded_to = DType::kBF16},
    WeightTypeTraits{.type = WeightType::kInt8,
                     .name = "int8",
                     .head = WeightType::kInt8,
                     .scales = WeightScales::kPerOutput,
                     .bits = 8,
                     .has_integers = true},
    WeightTypeTraits{.type = WeightType::kInt4,
                     .name = "int4",
                     .head = WeightType::kInt8,
                     .scales = WeightScales::kPerGroup,
                     .bits = 4,
                     .has_integers = true,
                     .bias = 8}};

static_assert(
    [] {
      for (std::size_t i = 0; i < kWeightTypes.size(); ++i) {
        if (kWeightTypes[i].type != static_cast<WeightType>(i)) return false;
      }
      return true;
    }(),
    "kWeightTypes is in the order of WeightType");

/// Throws std::out_of_range for a type that has no row.
constexpr const WeightTypeTraits& traits_of(WeightType type) {
  return kWeightTypes.at(static_cast<std::size_t>(type));
}

/// How older command lines call some types: by the bits of a weight.
inline constexpr std::array kWeightTypesByBits = {Named{WeightType::kInt4, "4"}, Named{WeightType::kInt8, "8"},
                                                  Named{WeightType::kBF16, "16"}};

/// Inputs that may share a scale of kPerGroup.
inline constexpr int kGroupSizes[] = {32, 64, 128};
inline constexpr std::int64_t kDefaultGroupSize = 64;

/// That of one matrix.
struct WeightFormat {
  WeightType type = WeightType::kStored;
  std::int64_t group_size = kDefaultGroupSize;  // where the type has groups: one of kGroupSizes

  bool operator==(const WeightFormat&) const = default;
  const WeightTypeTraits& traits() const { return traits_of(type); }
  /// Whether weights are codes with scales, which stand in panels, in memory and in files.
  bool is_packed() const { return traits().scales != WeightScales::kNone; }
  bool has_groups() const { return traits().scales == WeightScales::kPerGroup; }
  /// Whether the codes of a packed format are integers. Whether they are multiplied as such is a backend's choice.
  bool has_integers() const { return traits().has_integers; }

  /// Inputs that share a scale in a row of `in_features`; the last group may be shorter.
  std::int64_t inputs_per_group(std::int64_t in_features) const { return has_groups() ? group_size : in_features; }
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
/// The names of those, in their order.
std::vector<std::string_view> names_of(std::span<const WeightType> types);
/// All types, and those that are packed.
std::vector<WeightType> all_weight_types();
std::vector<WeightType> packed_weight_types();
/// Those whose inputs share scales in groups.
std::vector<WeightType> weight_types_with_groups();
/// Throws InvalidInput for a name that is not one of these types', listing those that are; `what` begins the message.
WeightType parse_weight_type(std::string_view what, std::string_view name, std::span<const WeightType> types);

/// Throws InvalidInput unless `format` has a group size that its type knows.
void check_weight_format(const WeightFormat& format);

}  // namespace wedlm
