#include "wedlm/base/json.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "wedlm/base/error.h"

namespace wedlm {

Json::Json() = default;
Json::Json(std::nullptr_t) {}
Json::Json(bool value) : value_(value) {}
Json::Json(int value) : value_(std::int64_t{value}) {}
Json::Json(std::int64_t value) : value_(value) {}
Json::Json(double value) : value_(value) {}
Json::Json(const char* value) : value_(std::string(value)) {}
Json::Json(std::string_view value) : value_(std::string(value)) {}
Json::Json(std::string value) : value_(std::move(value)) {}
Json::Json(Array value) : value_(std::move(value)) {}
Json::Json(Object value) : value_(std::move(value)) {}

Json::Json(std::uint64_t value) {
  if (value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    value_ = static_cast<std::int64_t>(value);
  } else {
    value_ = LongNumber{std::to_string(value)};
  }
}

Json Json::integer_of_digits(std::string digits) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error == std::errc()) return value;
  Json json;
  json.value_ = LongNumber{std::move(digits)};
  return json;
}

Json Json::object(std::initializer_list<JsonMember> members) {
  return Json(Object(members));
}

std::string_view Json::kind() const {
  static constexpr std::string_view kNames[] = {"null",     "a boolean", "an integer", "a number",
                                                "a string", "an array",  "an object",  "an integer past 64 bits"};
  if (is_real() && std::isnan(real())) return "NaN";
  if (is_real() && std::isinf(real())) return real() > 0 ? "Infinity" : "-Infinity";
  return kNames[value_.index()];
}

Json Json::overflow(std::string text) {
  Json json;
  json.value_ = LongNumber{std::move(text)};
  return json;
}

bool Json::is_long_integer() const {
  const auto* number = std::get_if<LongNumber>(&value_);
  return number != nullptr && number->text.find_first_of(".eE") == std::string::npos;
}

bool Json::is_real() const {
  return std::holds_alternative<double>(value_) || (std::holds_alternative<LongNumber>(value_) && !is_long_integer());
}

double Json::real() const {
  const auto* number = std::get_if<LongNumber>(&value_);
  if (number == nullptr) return std::get<double>(value_);
  return number->text.starts_with('-') ? -std::numeric_limits<double>::infinity()
                                       : std::numeric_limits<double>::infinity();
}

std::string Json::non_finite_text() const {
  const auto* number = std::get_if<LongNumber>(&value_);
  return number != nullptr ? number->text + " (overflow)" : std::string(kind());
}

bool Json::is_number() const {
  return is_integer() || is_long_integer() || (is_real() && std::isfinite(real()));
}

namespace {

[[noreturn]] void throw_kind(std::string_view expected, const Json& got) {
  throw InvalidInput("expected " + std::string(expected) + ", got " + std::string(got.kind()));
}

}  // namespace

bool Json::as_bool() const {
  if (const auto* value = std::get_if<bool>(&value_)) return *value;
  throw_kind("a boolean", *this);
}

std::int64_t Json::as_integer() const {
  if (const auto* value = std::get_if<std::int64_t>(&value_)) return *value;
  throw_kind("an integer", *this);
}

double Json::as_number() const {
  if (!is_number()) throw_kind("a number", *this);
  if (const auto* value = std::get_if<std::int64_t>(&value_)) return static_cast<double>(*value);
  if (is_real()) return real();
  double value = 0;
  const std::string& digits = long_integer();
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error == std::errc()) return value;
  return digits.starts_with('-') ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
}

const std::string& Json::as_string() const {
  if (const auto* value = std::get_if<std::string>(&value_)) return *value;
  throw_kind("a string", *this);
}

const Json::Array& Json::as_array() const {
  if (const auto* value = std::get_if<Array>(&value_)) return *value;
  throw_kind("an array", *this);
}

const Json::Object& Json::as_object() const {
  if (const auto* value = std::get_if<Object>(&value_)) return *value;
  throw_kind("an object", *this);
}

const Json* Json::find(std::string_view key) const {
  const auto* members = std::get_if<Object>(&value_);
  if (members == nullptr) return nullptr;
  for (const JsonMember& member : *members) {
    if (member.key == key) return &member.value;
  }
  return nullptr;
}

const Json& Json::at(std::string_view key) const {
  as_object();
  if (const Json* value = find(key)) return *value;
  throw InvalidInput("missing key '" + std::string(key) + "'");
}

void Json::set(std::string key, Json value) {
  if (is_null()) value_ = Object{};
  if (!is_object()) throw_kind("an object", *this);
  std::get<Object>(value_).push_back({std::move(key), std::move(value)});
}

void Json::replace(std::string_view key, Json value) {
  if (is_object()) {
    for (JsonMember& member : std::get<Object>(value_)) {
      if (member.key != key) continue;
      member.value = std::move(value);
      return;
    }
  }
  set(std::string(key), std::move(value));
}

bool Json::operator==(const Json& other) const {
  return value_ == other.value_;
}

}  // namespace wedlm
