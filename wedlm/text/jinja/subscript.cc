// Attributes, items and slices of values; declared in operators.h.
#include <algorithm>
#include <limits>

#include "wedlm/base/quote.h"
#include "wedlm/text/jinja/builtins.h"
#include "wedlm/text/jinja/characters.h"
#include "wedlm/text/jinja/operators.h"
#include "wedlm/text/jinja/python_text.h"

namespace wedlm::jinja {
namespace {

/// `text.startswith` without a call.
class BoundMethod final : public Object {
 public:
  BoundMethod(Value self, Method method) : self_(std::move(self)), method_(method) {}
  std::string_view type_name() const override { return "builtin_function_or_method"; }
  bool is_callable() const override { return true; }
  Value call(Runtime& runtime, const Arguments& arguments) override {
    return call_method(method_, self_, arguments, runtime);
  }

 private:
  Value self_;
  Method method_;
};

Value missing(const Value& value, const Value& key, Runtime& runtime) {
  if (value.is_none()) {
    return Value::undefined("'None' has no attribute " + repr(key, runtime));
  }
  const std::string type(value.type_name());
  if (key.is_string()) {
    return Value::undefined("'" + type + " object' has no attribute " + quoted(shortened(key.string())));
  }
  return Value::undefined(type + " object has no element " + repr(key, runtime));
}

std::optional<Value> item_at(const Value& value, const Value& key, Runtime& runtime) {
  if (value.is_dict()) {
    if (key.is_sequence() && !key.is_tuple()) return std::nullopt;
    if (key.is_dict()) return std::nullopt;
    const Value* found = value.dict().find(key);
    return found == nullptr ? std::nullopt : std::optional<Value>(*found);
  }
  if (!key.is_integral()) return std::nullopt;
  if (value.is_sequence()) {
    const auto size = static_cast<std::int64_t>(value.items().size());
    const std::int64_t index = key.integer() < 0 ? key.integer() + size : key.integer();
    if (index < 0 || index >= size) return std::nullopt;
    return value.items()[static_cast<std::size_t>(index)];
  }
  if (value.is_string()) {
    runtime.charge_bytes(value.string().size());
    const std::u32string characters = decode(value.string());
    const auto size = static_cast<std::int64_t>(characters.size());
    const std::int64_t index = key.integer() < 0 ? key.integer() + size : key.integer();
    if (index < 0 || index >= size) return std::nullopt;
    return Value::string(encode({&characters[static_cast<std::size_t>(index)], 1}));
  }
  return std::nullopt;
}

/// A Python attribute; undefined with the sandbox's complaint where that is forbidden, nullopt where there is none.
std::optional<Value> attribute_of(const Value& value, std::string_view name, Runtime& runtime) {
  if (value.is_object()) return value.object()->attribute(runtime, name);
  if (is_forbidden_attribute(value, name)) {
    return Value::undefined("access to attribute " + quoted(name) + " of '" + std::string(value.type_name()) +
                            "' object is unsafe.");
  }
  if (const Method method = find_method(value, name)) return Value::object(runtime.make<BoundMethod>(value, method));
  return std::nullopt;
}

/// Bounds of a slice as slice.indices() gives them.
struct SliceRange {
  std::int64_t start = 0;
  std::int64_t stop = 0;
  std::int64_t step = 1;
};

std::optional<std::int64_t> slice_part(const Value& value) {
  if (value.is_none()) return std::nullopt;
  require_defined(value);
  if (!value.is_integral()) throw Complaint("slice indices must be integers or None");
  return value.integer();
}

SliceRange slice_range(std::int64_t size, const Value& start, const Value& stop, const Value& step) {
  SliceRange range;
  range.step = slice_part(step).value_or(1);
  if (range.step == 0) throw Complaint("slice step cannot be zero");
  const bool backward = range.step < 0;
  const std::int64_t lowest = backward ? -1 : 0;
  const std::int64_t highest = backward ? size - 1 : size;
  const auto place = [&](const Value& value, std::int64_t otherwise) {
    const std::optional<std::int64_t> index = slice_part(value);
    if (!index) return otherwise;
    if (*index >= 0) return std::min(*index, highest);
    return *index < -size ? lowest : std::max(*index + size, lowest);
  };
  range.start = place(start, backward ? highest : lowest);
  range.stop = place(stop, backward ? lowest : highest);
  // A step past the size takes one item; the bound keeps index + step within 64 bits.
  range.step = std::clamp<std::int64_t>(range.step, -size - 1, size + 1);
  return range;
}

template <class Take>
void for_each_index(const SliceRange& range, const Take& take) {
  for (std::int64_t i = range.start; range.step > 0 ? i < range.stop : i > range.stop; i += range.step) {
    take(static_cast<std::size_t>(i));
  }
}

}  // namespace

Value get_attribute(const Value& value, std::string_view name, Runtime& runtime) {
  require_defined(value);
  if (const std::optional<Value> attribute = attribute_of(value, name, runtime)) return *attribute;
  if (value.is_dict()) {
    if (const Value* found = value.dict().find(name)) return *found;
  }
  return missing(value, Value::string(std::string(name)), runtime);
}

Value get_item(const Value& value, const Value& key, Runtime& runtime) {
  require_defined(value);
  runtime.charge(key);
  if (const std::optional<Value> item = item_at(value, key, runtime)) return *item;
  if (key.is_string()) {
    if (const std::optional<Value> attribute = attribute_of(value, key.string(), runtime)) return *attribute;
  }
  return missing(value, key, runtime);
}

Value slice(const Value& value, const Value& start, const Value& stop, const Value& step, Runtime& runtime) {
  require_defined(value);
  if (value.is_string()) {
    runtime.charge_bytes(value.string().size());
    const std::u32string characters = decode(value.string());
    std::string text;
    for_each_index(slice_range(static_cast<std::int64_t>(characters.size()), start, stop, step),
                   [&](std::size_t i) { append_code_point(text, characters[i]); });
    return Value::string(std::move(text));
  }
  if (value.is_sequence()) {
    std::vector<Value> items;
    for_each_index(slice_range(static_cast<std::int64_t>(value.items().size()), start, stop, step),
                   [&](std::size_t i) { items.push_back(value.items()[i]); });
    runtime.charge_steps(items.size());
    return value.is_tuple() ? Value::tuple(std::move(items)) : Value::list(std::move(items));
  }
  return Value::undefined("'" + std::string(value.type_name()) + "' object cannot be sliced");
}

}  // namespace wedlm::jinja
