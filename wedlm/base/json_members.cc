#include "wedlm/base/json_members.h"

#include <utility>

#include "wedlm/base/error.h"
#include "wedlm/base/quote.h"

namespace wedlm {

JsonMembers::JsonMembers(const Json& object, std::string what) : object_(object), what_(std::move(what)) {
  if (!object.is_object()) {
    throw InvalidInput(what_ + ": expected a JSON object, got " + std::string(object.kind()));
  }
}

void JsonMembers::fail(std::string_view key, std::string_view expected, const Json& got) const {
  throw InvalidInput(what_ + ": " + std::string(key) + ": expected " + std::string(expected) + ", got " + shown(got));
}

void JsonMembers::fail_missing(std::string_view key) const {
  throw InvalidInput(what_ + ": missing key '" + std::string(key) + "'");
}

const Json* JsonMembers::find(std::string_view key) const {
  const Json* value = object_.find(key);
  return value == nullptr || value->is_null() ? nullptr : value;
}

std::optional<std::int64_t> JsonMembers::integer(std::string_view key, std::int64_t low, std::int64_t high) const {
  const Json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_integer() || value->as_integer() < low || value->as_integer() > high) {
    fail(key, "an integer from " + std::to_string(low) + " to " + std::to_string(high), *value);
  }
  return value->as_integer();
}

std::int64_t JsonMembers::size(std::string_view key, std::int64_t high) const {
  if (const auto value = integer(key, 1, high)) return *value;
  fail_missing(key);
}

std::optional<double> JsonMembers::number(std::string_view key) const {
  const Json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number()) fail(key, "a number", *value);
  return value->as_number();
}

std::optional<float> JsonMembers::number(std::string_view key, const NumberRange& range) const {
  const auto value = number(key);
  if (!value) return std::nullopt;
  if (!range.contains(*value)) fail(key, range.text("a number"), *value);
  return static_cast<float>(*value);
}

bool JsonMembers::boolean(std::string_view key, bool fallback) const {
  const Json* value = find(key);
  if (value == nullptr) return fallback;
  if (!value->is_bool()) fail(key, "true or false", *value);
  return value->as_bool();
}

std::optional<std::string> JsonMembers::text(std::string_view key) const {
  const Json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) fail(key, "a string", *value);
  return value->as_string();
}

std::int64_t JsonMembers::one_of(std::string_view key, std::span<const int> allowed) const {
  const Json* value = find(key);
  if (value == nullptr) fail_missing(key);
  std::string expected;
  for (const int integer : allowed) {
    if (*value == Json(integer)) return integer;
    expected += (expected.empty() ? "one of " : ", ") + std::to_string(integer);
  }
  fail(key, expected, *value);
}

std::vector<TokenId> JsonMembers::token_ids(std::string_view key, std::int64_t vocab_size) const {
  const Json* value = find(key);
  if (value == nullptr) return {};
  std::vector<TokenId> ids;
  const auto add = [&](const Json& id) {
    if (!id.is_integer() || id.as_integer() < 0 || id.as_integer() >= vocab_size) {
      fail(key, "token ids inside the vocabulary, from 0 to " + std::to_string(vocab_size - 1), id);
    }
    ids.push_back(static_cast<TokenId>(id.as_integer()));
  };
  if (value->is_array()) {
    for (const Json& id : value->as_array()) add(id);
  } else {
    add(*value);
  }
  return ids;
}

}  // namespace wedlm
