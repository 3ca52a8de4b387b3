// How the value of a sampling option gets from JSON into a member of SamplingParams, and back: for each type that a
// member has, once. A field<&SamplingParams::filters, &TokenFilters::top_p>() is that member.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "wedlm/base/json_values.h"
#include "wedlm/base/member_path.h"
#include "wedlm/base/named.h"
#include "wedlm/decode/sampling_params.h"

namespace wedlm {

enum class OptionKind { kNumber, kInteger, kBoolean, kName, kTexts, kIntegers, kBiases };

struct OptionField {
  OptionKind kind;
  /// Takes a value of the kind, and null for a member that may be absent.
  void (*set)(SamplingParams& params, const Json& value);
  /// null where the member is absent.
  Json (*get)(const SamplingParams& params);
  /// All that a kName may be.
  std::vector<std::string_view> (*names)() = nullptr;
};

namespace option_field {

template <class T>
inline constexpr OptionKind kKindOf = OptionKind::kInteger;
template <>
inline constexpr OptionKind kKindOf<float> = OptionKind::kNumber;
template <>
inline constexpr OptionKind kKindOf<bool> = OptionKind::kBoolean;
template <>
inline constexpr OptionKind kKindOf<std::vector<std::string>> = OptionKind::kTexts;
template <>
inline constexpr OptionKind kKindOf<std::vector<TokenId>> = OptionKind::kIntegers;
template <>
inline constexpr OptionKind kKindOf<std::map<TokenId, float>> = OptionKind::kBiases;
template <class T>
inline constexpr OptionKind kKindOf<std::optional<T>> = kKindOf<T>;

}  // namespace option_field

/// The member at the end of this path of members.
template <auto... kPath>
constexpr OptionField field() {
  using Member = std::remove_reference_t<decltype(member_at<kPath...>(std::declval<SamplingParams&>()))>;
  return {
      .kind = option_field::kKindOf<Member>,
      .set = [](SamplingParams& params, const Json& value) { json_value::read(value, member_at<kPath...>(params)); },
      .get = [](const SamplingParams& params) { return json_value::written(member_at<kPath...>(params)); }};
}

/// The member at the end of this path, whose values have names in a table.
template <const auto& kTable, auto... kPath>
constexpr OptionField named_field() {
  return {.kind = OptionKind::kName,
          .set = [](SamplingParams& params,
                    const Json& value) { member_at<kPath...>(params) = parse_named("", value.as_string(), kTable); },
          .get = [](const SamplingParams& params) { return Json(name_of(member_at<kPath...>(params), kTable)); },
          .names = [] { return names_of(kTable); }};
}

/// No member of its own: a name that sets several others.
constexpr OptionField preset_field() {
  return {.kind = OptionKind::kName,
          .set = [](SamplingParams& params, const Json& value) { apply_preset(value.as_string(), params); },
          .get = [](const SamplingParams&) { return Json(); },
          .names = preset_names};
}

}  // namespace wedlm
