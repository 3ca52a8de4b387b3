// How the value of a sampling option gets from JSON into a member of SamplingParams, and back: for each type that a
// member has, once. A field<&SamplingParams::filters, &TokenFilters::top_p>() is that member.
#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "wedlm/base/json.h"
#include "wedlm/base/member_path.h"
#include "wedlm/base/named.h"
#include "wedlm/decode/sampling_params.h"

namespace wedlm {

enum class OptionKind { kNumber, kInteger, kBoolean, kName, kTexts, kIntegers };

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
template <class T>
inline constexpr OptionKind kKindOf<std::optional<T>> = kKindOf<T>;

inline void read(const Json& value, float& out) {
  out = static_cast<float>(value.as_number());
}
inline void read(const Json& value, std::int32_t& out) {
  out = static_cast<std::int32_t>(value.as_integer());
}
inline void read(const Json& value, std::uint64_t& out) {
  out = static_cast<std::uint64_t>(value.as_integer());
}
inline void read(const Json& value, bool& out) {
  out = value.as_bool();
}
inline void read(const Json& value, std::string& out) {
  out = value.as_string();
}
/// One alone stands for a list of one.
template <class T>
void read(const Json& value, std::vector<T>& out) {
  out.clear();
  if (!value.is_array()) return read(value, out.emplace_back());
  for (const Json& one : value.as_array()) read(one, out.emplace_back());
}
template <class T>
void read(const Json& value, std::optional<T>& out) {
  if (value.is_null()) return out.reset();
  read(value, out.emplace());
}

/// The shortest decimal number that is this float, so that 0.4F is written as 0.4.
inline Json written(float value) {
  char buffer[32];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  double decimal = 0;
  std::from_chars(buffer, end, decimal);
  return decimal;
}
inline Json written(std::int32_t value) {
  return value;
}
inline Json written(std::uint64_t value) {
  return value;
}
inline Json written(bool value) {
  return value;
}
inline Json written(const std::string& value) {
  return value;
}
template <class T>
Json written(const std::vector<T>& values) {
  Json::Array array;
  for (const T& value : values) array.push_back(written(value));
  return array;
}
template <class T>
Json written(const std::optional<T>& value) {
  return value ? written(*value) : Json();
}

}  // namespace option_field

/// The member at the end of this path of members.
template <auto... kPath>
constexpr OptionField field() {
  using Member = std::remove_reference_t<decltype(member_at<kPath...>(std::declval<SamplingParams&>()))>;
  return {
      .kind = option_field::kKindOf<Member>,
      .set = [](SamplingParams& params, const Json& value) { option_field::read(value, member_at<kPath...>(params)); },
      .get = [](const SamplingParams& params) { return option_field::written(member_at<kPath...>(params)); }};
}

/// A member whose values have names in a table.
template <const auto& kTable, auto kMember>
constexpr OptionField named_field() {
  return {.kind = OptionKind::kName,
          .set = [](SamplingParams& params,
                    const Json& value) { params.*kMember = parse_named("", value.as_string(), kTable); },
          .get = [](const SamplingParams& params) { return Json(name_of(params.*kMember, kTable)); },
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
