// What a template finds without being given it: filters, tests, methods of values and global functions, by name.
#pragma once

#include <string_view>
#include <vector>

#include "wedlm/text/jinja/runtime.h"

namespace wedlm::jinja {

using Filter = Value (*)(Runtime& runtime, const Value& input, const Arguments& arguments);
using Test = bool (*)(Runtime& runtime, const Value& input, const Arguments& arguments);
using Method = Value (*)(Runtime& runtime, const Value& self, const Arguments& arguments);
using Function = Value (*)(Runtime& runtime, const Arguments& arguments);

/// nullptr where there is none of that name.
Filter find_filter(std::string_view name);
Test find_test(std::string_view name);
Method find_method(const Value& self, std::string_view name);
Function find_function(std::string_view name);

/// Calls a method, and charges for its text and its arguments but where the method looks at the text's ends alone.
Value call_method(Method method, const Value& self, const Arguments& arguments, Runtime& runtime);

/// Whether the sandbox forbids that attribute: names that begin with an underscore, and what would change a container.
bool is_forbidden_attribute(const Value& self, std::string_view name);

template <class T>
struct Named {
  std::string_view name;
  T function;
};
Filter find_text_filter(std::string_view name);
Filter find_sequence_filter(std::string_view name);
Filter find_selection_filter(std::string_view name);
Method find_string_method(std::string_view name);
bool looks_at_ends_alone(Method method);

/// The entry of a table, or nullptr.
template <class T, std::size_t n>
T find_named(const Named<T> (&table)[n], std::string_view name) {
  for (const Named<T>& entry : table) {
    if (entry.name == name) return entry.function;
  }
  return nullptr;
}

}  // namespace wedlm::jinja
