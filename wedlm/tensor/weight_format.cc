#include "wedlm/tensor/weight_format.h"

#include <algorithm>

#include "wedlm/base/error.h"

namespace wedlm {
namespace {

constexpr bool is_in_order() {
  for (std::size_t i = 0; i < kWeightTypes.size(); ++i) {
    if (static_cast<std::size_t>(kWeightTypes[i].type) != i) return false;
  }
  return true;
}
static_assert(is_in_order(), "traits_of() takes a type for the index of its line");

std::int64_t round_up(std::int64_t count, std::int64_t unit) {
  return (count + unit - 1) / unit * unit;
}

template <class Keep>
std::vector<WeightType> types_that(const Keep& keep) {
  std::vector<WeightType> types;
  for (const WeightTypeTraits& traits : kWeightTypes) {
    if (keep(traits)) types.push_back(traits.type);
  }
  return types;
}

}  // namespace

std::int64_t weight_bytes(const WeightFormat& format, DType stored_type, std::int64_t out_features,
                          std::int64_t in_features) {
  constexpr std::int64_t kWordBits = 32;
  if (format.is_packed()) {
    const std::int64_t row_bits = round_up(in_features * format.traits().bits, kWordBits);
    return out_features * (row_bits / 8 + kWordBits / 8 * format.num_groups(in_features));
  }
  const DType dtype = format.traits().rounded_to.value_or(stored_type);
  return (dtype == DType::kBF16 ? 2 : 4) * out_features * in_features;
}

std::string describe(const WeightFormat& format) {
  if (format.type == WeightType::kStored) return "";
  std::string text(weight_type_name(format.type));
  if (format.has_groups()) text += " in groups of " + std::to_string(format.group_size);
  return text;
}

std::string_view weight_type_name(WeightType type) {
  return traits_of(type).name;
}

std::vector<std::string_view> names_of(std::span<const WeightType> types) {
  std::vector<std::string_view> names;
  for (const WeightType type : types) names.push_back(weight_type_name(type));
  return names;
}

std::vector<WeightType> all_weight_types() {
  return types_that([](const WeightTypeTraits&) { return true; });
}

std::vector<WeightType> weight_types_with_groups() {
  std::vector<WeightType> types = all_weight_types();
  std::erase_if(types, [](WeightType type) { return !WeightFormat{.type = type}.has_groups(); });
  return types;
}

std::vector<WeightType> packed_weight_types() {
  return types_that([](const WeightTypeTraits& traits) { return traits.scales != WeightScales::kNone; });
}

WeightType parse_weight_type(std::string_view what, std::string_view name, std::span<const WeightType> types) {
  const auto found = std::ranges::find(types, name, weight_type_name);
  if (found == types.end()) throw InvalidInput(unknown_name(what, names_of(types), name));
  return *found;
}

void check_weight_format(const WeightFormat& format) {
  if (!format.has_groups() || std::ranges::find(kGroupSizes, format.group_size) != std::end(kGroupSizes)) return;
  std::string known;
  for (const int size : kGroupSizes) known += (known.empty() ? "" : ", ") + std::to_string(size);
  throw InvalidInput(std::string(weight_type_name(format.type)) + " weights: expected groups of one of " + known +
                     ", got " + std::to_string(format.group_size));
}

}  // namespace wedlm
