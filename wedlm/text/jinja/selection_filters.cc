// Filters that look at each item: map, select, reject and their forms for attributes; and attribute_path.h.
#include "wedlm/text/jinja/attribute_path.h"
#include "wedlm/text/jinja/builtins.h"
#include "wedlm/text/jinja/operators.h"
#include "wedlm/text/jinja/python_text.h"

namespace wedlm::jinja {
namespace {

Value map(Runtime& runtime, const Value& input, const Arguments& arguments) {
  std::vector<Value> results;
  if (arguments.positional.empty()) {
    const Bound bound = bind("map", arguments, {"attribute", "default"});
    std::optional<AttributePath> path = attribute_path(bound, 0);
    if (!path) throw Complaint("map requires a filter argument");
    if (bound.is_given(1)) path->otherwise = bound.at(1);
    for (const Value& item : iterate(input, runtime)) results.push_back(follow(item, path, runtime));
    return Value::list(std::move(results));
  }
  const std::string name = to_text(arguments.positional.front(), runtime);
  const Filter filter = find_filter(name);
  if (filter == nullptr) throw Complaint("unknown filter '" + name + "'");
  Arguments rest = arguments;
  rest.positional.erase(rest.positional.begin());
  for (const Value& item : iterate(input, runtime)) {
    runtime.charge(item);
    results.push_back(filter(runtime, item, rest));
    runtime.charge(results.back());
  }
  return Value::list(std::move(results));
}

enum class Subject { kItem, kAttribute };
enum class Keep { kMatching, kOthers };

template <Subject subject, Keep keep>
Value select(Runtime& runtime, const Value& input, const Arguments& arguments) {
  Arguments rest = arguments;
  const auto take_first = [&] {
    Value value = rest.positional.front();
    rest.positional.erase(rest.positional.begin());
    return value;
  };
  std::optional<AttributePath> path;
  if (subject == Subject::kAttribute) {
    if (rest.positional.empty()) throw Complaint("Missing parameter for attribute name");
    path = attribute_path(bind("selectattr", {.positional = {take_first()}, .named = {}}, {"attribute"}), 0);
  }
  Test test = nullptr;
  if (!rest.positional.empty()) {
    const std::string name = to_text(take_first(), runtime);
    test = find_test(name);
    if (test == nullptr) throw Complaint("unknown test '" + name + "'");
  }
  std::vector<Value> kept;
  for (Value& item : iterate(input, runtime)) {
    const Value value = follow(item, path, runtime);
    const bool matches = test == nullptr ? value.truth() : test(runtime, value, rest);
    if (matches == (keep == Keep::kMatching)) kept.push_back(std::move(item));
  }
  return Value::list(std::move(kept));
}

constexpr Named<Filter> kFilters[] = {
    {"map", map},
    {"select", select<Subject::kItem, Keep::kMatching>},
    {"reject", select<Subject::kItem, Keep::kOthers>},
    {"selectattr", select<Subject::kAttribute, Keep::kMatching>},
    {"rejectattr", select<Subject::kAttribute, Keep::kOthers>},
};

}  // namespace

std::vector<std::string> split_text(std::string_view text, char separator) {
  std::vector<std::string> parts;
  std::string_view rest = text;
  for (std::size_t at = rest.find(separator); at != std::string_view::npos; at = rest.find(separator)) {
    parts.emplace_back(rest.substr(0, at));
    rest.remove_prefix(at + 1);
  }
  parts.emplace_back(rest);
  return parts;
}

AttributePath parse_attribute_path(std::string_view text) {
  AttributePath path;
  for (const std::string& part : split_text(text, '.')) {
    const bool is_number = !part.empty() && part.find_first_not_of("0123456789") == std::string::npos;
    const std::optional<std::int64_t> index = is_number ? parse_integer(part) : std::nullopt;
    path.keys.push_back(index ? Value::integer(*index) : Value::string(part));
  }
  return path;
}

std::optional<AttributePath> attribute_path(const Bound& bound, std::size_t parameter) {
  if (!bound.is_given(parameter)) return std::nullopt;
  const Value& value = bound.at(parameter);
  if (value.is_string()) return parse_attribute_path(value.string());
  return AttributePath{.keys = {value}};
}

Value follow(const Value& item, const std::optional<AttributePath>& path, Runtime& runtime) {
  if (!path) return item;
  Value value = item;
  for (const Value& key : path->keys) {
    runtime.charge_steps(1);
    value = get_item(value, key, runtime);
    if (value.is_undefined() && path->otherwise) value = *path->otherwise;
  }
  return value;
}

Filter find_selection_filter(std::string_view name) {
  return find_named(kFilters, name);
}

Filter find_filter(std::string_view name) {
  if (const Filter filter = find_text_filter(name)) return filter;
  if (const Filter filter = find_sequence_filter(name)) return filter;
  return find_selection_filter(name);
}

}  // namespace wedlm::jinja
