// A member's value out of JSON, and back: for each type that a member of a plain struct has, once. What is of another
// kind throws InvalidInput, as Json's own functions do; ranges are for whoever reads.
#pragma once

#include <charconv>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "wedlm/base/error.h"
#include "wedlm/base/json.h"
#include "wedlm/base/number_text.h"
#include "wedlm/base/quote.h"

namespace wedlm::json_value {

inline void read(const Json& value, float& out) {
  out = static_cast<float>(value.as_number());
}
inline void read(const Json& value, double& out) {
  out = value.as_number();
}
inline void read(const Json& value, std::int32_t& out) {
  out = static_cast<std::int32_t>(value.as_integer());
}
inline void read(const Json& value, std::int64_t& out) {
  out = value.as_integer();
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

/// By ids, which the keys of an object are in digits.
template <class T>
void read(const Json& value, std::map<std::int32_t, T>& out) {
  out.clear();
  for (const JsonMember& member : value.as_object()) {
    const auto id = parse_whole<std::int32_t>(member.key);
    if (!id) throw InvalidInput("expected an id in digits as the key, got " + quote(member.key));
    read(member.value, out[*id]);
  }
}

/// The shortest decimal number that is this float, so that 0.4F is written as 0.4.
inline Json written(float value) {
  char buffer[32];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  double decimal = 0;
  std::from_chars(buffer, end, decimal);
  return decimal;
}
inline Json written(double value) {
  return value;
}
inline Json written(std::int32_t value) {
  return value;
}
inline Json written(std::int64_t value) {
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
Json written(const std::map<std::int32_t, T>& values) {
  Json object = Json::object({});
  for (const auto& [id, value] : values) object.set(std::to_string(id), written(value));
  return object;
}
template <class T>
Json written(const std::optional<T>& value) {
  return value ? written(*value) : Json();
}

}  // namespace wedlm::json_value
