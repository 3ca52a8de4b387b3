// Methods of lists, tuples and dicts, and what the sandbox forbids; those of strings are in string_methods.cc.
#include <algorithm>
#include <array>

#include "wedlm/text/jinja/builtins.h"
#include "wedlm/text/jinja/operators.h"
#include "wedlm/text/jinja/python_text.h"

namespace wedlm::jinja {
namespace {

Value dict_get(Runtime&, const Value& self, const Arguments& arguments) {
  const Bound bound = bind("get", arguments, {"key", "default"});
  if (const Value* value = self.dict().find(bound.at(0))) return *value;
  return bound.has(1) ? bound.at(1) : Value::none();
}

Value dict_keys(Runtime& runtime, const Value& self, const Arguments& arguments) {
  bind("keys", arguments, {});
  return Value::list(iterate(self, runtime));
}

Value dict_values(Runtime& runtime, const Value& self, const Arguments& arguments) {
  bind("values", arguments, {});
  runtime.charge_steps(self.dict().entries().size());
  std::vector<Value> values;
  for (const auto& entry : self.dict().entries()) values.push_back(entry.value);
  return Value::list(std::move(values));
}

Value dict_items(Runtime& runtime, const Value& self, const Arguments& arguments) {
  bind("items", arguments, {});
  runtime.charge_steps(self.dict().entries().size());
  std::vector<Value> items;
  for (const auto& [key, value] : self.dict().entries()) items.push_back(Value::tuple({key, value}));
  return Value::list(std::move(items));
}

Value copy(Runtime&, const Value& self, const Arguments& arguments) {
  bind("copy", arguments, {});
  return self;
}

Value sequence_count(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const Value item = bind("count", arguments, {"value"}).at(0);
  return Value::integer(std::count_if(self.items().begin(), self.items().end(),
                                      [&](const Value& other) { return equal(other, item, runtime); }));
}

Value sequence_index(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const Value item = bind("index", arguments, {"value"}).at(0);
  for (std::size_t i = 0; i < self.items().size(); ++i) {
    if (equal(self.items()[i], item, runtime)) return Value::integer(static_cast<std::int64_t>(i));
  }
  throw Complaint(repr(item, runtime) + " is not in list");
}

constexpr Named<Method> kDictMethods[] = {
    {"get", dict_get}, {"keys", dict_keys}, {"values", dict_values}, {"items", dict_items}, {"copy", copy}};
constexpr Named<Method> kSequenceMethods[] = {{"count", sequence_count}, {"index", sequence_index}};

constexpr std::array<std::string_view, 8> kListChanges = {"append", "clear", "pop",    "reverse",
                                                          "insert", "sort",  "extend", "remove"};
constexpr std::array<std::string_view, 5> kDictChanges = {"clear", "pop", "popitem", "setdefault", "update"};

}  // namespace

Method find_method(const Value& self, std::string_view name) {
  if (self.is_string()) return find_string_method(name);
  if (self.is_dict()) return find_named(kDictMethods, name);
  if (!self.is_sequence()) return nullptr;
  if (name == "copy" && !self.is_tuple()) return copy;
  return find_named(kSequenceMethods, name);
}

Value call_method(Method method, const Value& self, const Arguments& arguments, Runtime& runtime) {
  if (!looks_at_ends_alone(method)) runtime.charge(self);
  runtime.charge(arguments);
  return method(runtime, self, arguments);
}

bool is_forbidden_attribute(const Value& self, std::string_view name) {
  const auto is_in = [&](const auto& names) { return std::find(names.begin(), names.end(), name) != names.end(); };
  if (self.is_dict()) return is_in(kDictChanges);
  return self.is_sequence() && !self.is_tuple() && is_in(kListChanges);
}

}  // namespace wedlm::jinja
