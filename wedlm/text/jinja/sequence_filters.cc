// Filters of lists and dicts that look at the container as a whole: length, join, sort, batch and so on.
#include <algorithm>

#include "wedlm/text/jinja/attribute_path.h"
#include "wedlm/text/jinja/builtins.h"
#include "wedlm/text/jinja/case_mapping.h"
#include "wedlm/text/jinja/operators.h"
#include "wedlm/text/jinja/python_text.h"

namespace wedlm::jinja {
namespace {

Value length(Runtime&, const Value& input, const Arguments&) {
  if (const auto size = length_of(input)) return Value::integer(*size);
  throw Complaint("object of type '" + std::string(input.type_name()) + "' has no len()");
}

Value to_list(Runtime& runtime, const Value& input, const Arguments&) {
  return Value::list(iterate(input, runtime));
}

/// Of the many items that there may be, one is wanted.
Value first(Runtime& runtime, const Value& input, const Arguments&) {
  if (input.is_sequence() && !input.items().empty()) return input.items().front();
  const std::vector<Value> items = iterate(input, runtime);
  return items.empty() ? Value::undefined("No first item, sequence was empty.") : items.front();
}

Value last(Runtime& runtime, const Value& input, const Arguments&) {
  if (input.is_sequence() && !input.items().empty()) return input.items().back();
  const std::vector<Value> items = iterate(input, runtime);
  return items.empty() ? Value::undefined("No last item, sequence was empty.") : items.back();
}

Value join(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Bound bound = bind("join", arguments, {"d", "attribute"});
  const std::string separator = bound.has(0) ? to_text(bound.at(0), runtime) : "";
  const std::optional<AttributePath> path = attribute_path(bound, 1);
  std::string text;
  bool is_first = true;
  for (const Value& item : iterate(input, runtime)) {
    if (!is_first) text += separator;
    is_first = false;
    text += to_text(follow(item, path, runtime), runtime);
    Runtime::check_text_size(static_cast<double>(text.size()));
  }
  return Value::string(std::move(text));
}

Value reverse(Runtime& runtime, const Value& input, const Arguments&) {
  std::vector<Value> items = iterate(input, runtime);
  std::reverse(items.begin(), items.end());
  if (!input.is_string()) return Value::list(std::move(items));
  std::string text;
  for (const Value& item : items) text += item.string();
  return Value::string(std::move(text));
}

Value or_default(Runtime&, const Value& input, const Arguments& arguments) {
  const Bound bound = bind("default", arguments, {"default_value", "boolean"});
  const bool is_missing = input.is_undefined() || (bound.truth(1, false) && !input.truth());
  if (!is_missing) return input;
  return bound.has(0) ? bound.at(0) : Value::string("");
}

Value attribute(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const std::string name = bind("attr", arguments, {"name"}).text(0);
  if (input.is_dict()) {
    // The filter looks for attributes only, and what a dict holds are items.
    if (find_method(input, name) == nullptr) return Value::undefined("'dict' object has no attribute '" + name + "'");
  }
  return get_attribute(input, name, runtime);
}

Value items(Runtime& runtime, const Value& input, const Arguments&) {
  if (input.is_undefined()) return Value::list({});
  if (!input.is_dict()) throw Complaint("Can only get item pairs from a mapping.");
  return find_method(input, "items")(runtime, input, {});
}

/// What an item is ordered by: its attributes, in lower case unless case counts.
Value sort_key(const Value& item, const std::optional<AttributePath>& path, bool case_sensitive, Runtime& runtime) {
  Value key = follow(item, path, runtime);
  if (case_sensitive || !key.is_string()) return key;
  return Value::string(lower(key.string()));
}

struct Keyed {
  Value key;
  Value item;
};

void sort_keyed(std::vector<Keyed>& keyed, bool reversed, Runtime& runtime) {
  std::stable_sort(keyed.begin(), keyed.end(), [&](const Keyed& a, const Keyed& b) {
    return reversed ? less(b.key, a.key, runtime) : less(a.key, b.key, runtime);
  });
}

Value values_of(std::vector<Keyed> keyed) {
  std::vector<Value> values;
  values.reserve(keyed.size());
  for (Keyed& element : keyed) values.push_back(std::move(element.item));
  return Value::list(std::move(values));
}

Value sort(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Bound bound = bind("sort", arguments, {"reverse", "case_sensitive", "attribute"});
  std::vector<std::optional<AttributePath>> paths;
  if (bound.is_given(2) && bound.at(2).is_string()) {
    for (const std::string& path : split_text(bound.text(2), ',')) paths.emplace_back(parse_attribute_path(path));
  } else {
    paths.push_back(attribute_path(bound, 2));
  }
  std::vector<Keyed> keyed;
  for (Value& item : iterate(input, runtime)) {
    std::vector<Value> keys;
    keys.reserve(paths.size());
    for (const auto& path : paths) keys.push_back(sort_key(item, path, bound.truth(1, false), runtime));
    keyed.push_back({Value::list(std::move(keys)), std::move(item)});
  }
  sort_keyed(keyed, bound.truth(0, false), runtime);
  return values_of(std::move(keyed));
}

Value dict_sort(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Bound bound = bind("dictsort", arguments, {"case_sensitive", "by", "reverse"});
  require_defined(input);
  if (!input.is_dict()) throw Complaint("dictsort needs a mapping, got " + std::string(input.type_name()));
  const std::string by = bound.text(1, "key");
  if (by != "key" && by != "value") throw Complaint("You can only sort by either \"key\" or \"value\"");
  std::vector<Keyed> keyed;
  for (const auto& [key, value] : input.dict().entries()) {
    const Value& subject = by == "key" ? key : value;
    keyed.push_back({sort_key(subject, std::nullopt, bound.truth(0, false), runtime), Value::tuple({key, value})});
  }
  sort_keyed(keyed, bound.truth(2, false), runtime);
  return values_of(std::move(keyed));
}

Value unique(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Bound bound = bind("unique", arguments, {"case_sensitive", "attribute"});
  const std::optional<AttributePath> path = attribute_path(bound, 1);
  Dict seen;
  std::vector<Value> kept;
  for (const Value& item : iterate(input, runtime)) {
    const Value key = sort_key(item, path, bound.truth(0, false), runtime);
    if (seen.find(key) != nullptr) continue;
    seen.set(key, Value::none());
    kept.push_back(item);
  }
  return Value::list(std::move(kept));
}

Value group_by(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Bound bound = bind("groupby", arguments, {"attribute", "default", "case_sensitive"});
  std::optional<AttributePath> path = attribute_path(bound, 0);
  if (path && bound.is_given(1)) path->otherwise = bound.at(1);
  std::vector<Keyed> keyed;
  for (Value& item : iterate(input, runtime)) {
    keyed.push_back({sort_key(item, path, bound.truth(2, false), runtime), std::move(item)});
  }
  sort_keyed(keyed, false, runtime);
  std::vector<Value> groups;
  for (std::size_t i = 0; i < keyed.size();) {
    std::vector<Value> members;
    const std::size_t begin = i;
    for (; i < keyed.size() && equal(keyed[i].key, keyed[begin].key, runtime); ++i) members.push_back(keyed[i].item);
    const Value key = follow(members.front(), path, runtime);
    groups.push_back(Value::tuple({key, Value::list(std::move(members))}));
  }
  return Value::list(std::move(groups));
}

enum class Extreme { kLeast, kGreatest };

template <Extreme which>
Value extreme(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Bound bound = bind("min", arguments, {"case_sensitive", "attribute"});
  const std::optional<AttributePath> path = attribute_path(bound, 1);
  std::optional<Keyed> best;
  for (const Value& item : iterate(input, runtime)) {
    Value key = sort_key(item, path, bound.truth(0, false), runtime);
    const bool is_better =
        !best || (which == Extreme::kLeast ? less(key, best->key, runtime) : less(best->key, key, runtime));
    if (is_better) best = Keyed{std::move(key), item};
  }
  return best ? best->item : Value::undefined("No aggregated item, sequence was empty.");
}

Value sum(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Bound bound = bind("sum", arguments, {"attribute", "start"});
  const std::optional<AttributePath> path = attribute_path(bound, 0);
  Value total = bound.has(1) ? bound.at(1) : Value::integer(0);
  for (const Value& item : iterate(input, runtime)) {
    total = apply(BinaryOperator::kAdd, total, follow(item, path, runtime), runtime);
    runtime.charge(total);
  }
  return total;
}

Value batch(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Bound bound = bind("batch", arguments, {"linecount", "fill_with"});
  const std::int64_t size = bound.integer(0);
  std::vector<Value> batches;
  std::vector<Value> current;
  for (Value& item : iterate(input, runtime)) {
    if (static_cast<std::int64_t>(current.size()) == size) batches.push_back(Value::list(std::exchange(current, {})));
    current.push_back(std::move(item));
  }
  if (!current.empty()) {
    while (bound.is_given(1) && static_cast<std::int64_t>(current.size()) < size) {
      runtime.charge_steps(1);
      current.push_back(bound.at(1));
    }
    batches.push_back(Value::list(std::move(current)));
  }
  return Value::list(std::move(batches));
}

Value slices(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Bound bound = bind("slice", arguments, {"slices", "fill_with"});
  const std::int64_t num_slices = bound.integer(0);
  if (num_slices <= 0) throw Complaint("slice() needs a positive number of slices");
  const std::vector<Value> all = iterate(input, runtime);
  const auto size = static_cast<std::int64_t>(all.size());
  std::vector<Value> result;
  auto position = all.begin();
  for (std::int64_t i = 0; i < num_slices; ++i) {
    runtime.charge_steps(1);
    const bool is_longer = i < size % num_slices;
    const auto end = position + size / num_slices + (is_longer ? 1 : 0);
    std::vector<Value> part(position, end);
    position = end;
    if (bound.is_given(1) && !is_longer) part.push_back(bound.at(1));
    result.push_back(Value::list(std::move(part)));
  }
  return Value::list(std::move(result));
}

constexpr Named<Filter> kFilters[] = {
    {"length", length},
    {"count", length},
    {"list", to_list},
    {"first", first},
    {"last", last},
    {"join", join},
    {"reverse", reverse},
    {"default", or_default},
    {"d", or_default},
    {"attr", attribute},
    {"items", items},
    {"sort", sort},
    {"dictsort", dict_sort},
    {"unique", unique},
    {"groupby", group_by},
    {"min", extreme<Extreme::kLeast>},
    {"max", extreme<Extreme::kGreatest>},
    {"sum", sum},
    {"batch", batch},
    {"slice", slices},
};

}  // namespace

Filter find_sequence_filter(std::string_view name) {
  return find_named(kFilters, name);
}

}  // namespace wedlm::jinja
