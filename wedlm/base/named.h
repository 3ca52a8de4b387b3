// The values of an enum by the names that people write and read: declared once, in a table, from which both directions
// and the message about an unknown name follow.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wedlm/base/error.h"

namespace wedlm {

template <class Value>
struct Named {
  Value value;
  std::string_view name;
};
template <class Value>
Named(Value, std::string_view) -> Named<Value>;  // clang before 17 does not find it by itself

/// `WHAT: expected one of a, b, c, got "x"`, what is shown of `got` as quote() shows it.
std::string unknown_name(std::string_view what, std::span<const std::string_view> known, std::string_view got);

/// The candidate that `word` was most likely meant to be; empty where none is near.
std::string closest(std::string_view word, const std::vector<std::string>& candidates);
/// " (did you mean NAME?)", or nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

template <class Value, std::size_t kSize>
std::vector<std::string_view> names_of(const std::array<Named<Value>, kSize>& table) {
  std::vector<std::string_view> names;
  names.reserve(kSize);
  for (const Named<Value>& named : table) names.push_back(named.name);
  return names;
}

/// Names in one text, such as "a|b|c".
template <class Names>
std::string joined(const Names& names, std::string_view separator) {
  std::string text;
  for (const auto& name : names) text.append(text.empty() ? "" : separator).append(name);
  return text;
}

/// The name of a value of the table; the first one where it has several.
template <class Value, std::size_t kSize>
std::string_view name_of(Value value, const std::array<Named<Value>, kSize>& table) {
  for (const Named<Value>& named : table) {
    if (named.value == value) return named.name;
  }
  throw InternalError("a value that has no name");
}

/// Throws InvalidInput for a name that is not in the table, listing those that are.
template <class Value, std::size_t kSize>
Value parse_named(std::string_view what, std::string_view name, const std::array<Named<Value>, kSize>& table) {
  for (const Named<Value>& named : table) {
    if (named.name == name) return named.value;
  }
  throw InvalidInput(unknown_name(what, names_of(table), name));
}

}  // namespace wedlm
