#include "wedlm/text/jinja/value.h"

#include <algorithm>
#include <cmath>

#include "wedlm/base/number_text.h"
#include "wedlm/text/jinja/runtime.h"

namespace wedlm::jinja {
namespace {

constexpr std::size_t kMaxKeyBytes = 1 << 16;  // a small tuple that holds itself many times over has a huge key

int checked_depth(int depth) {
  if (depth > kMaxValueDepth) {
    throw Complaint("lists and dicts nest deeper than the limit of " + std::to_string(kMaxValueDepth) + " levels");
  }
  return depth;
}

int depth_of(const std::vector<Value>& items) {
  int depth = 0;
  for (const Value& item : items) depth = std::max(depth, item.depth());
  return checked_depth(depth + 1);
}

std::string string_key(std::string_view text) {
  return "s" + std::string(text);
}

/// Equal keys have equal texts: 1, 1.0 and True are one key, as in Python.
std::string key_text(const Value& key) {
  if (key.is_string()) return string_key(key.string());
  if (key.is_none()) return "N";
  if (key.is_integral() || key.is_long_integer()) return "n" + key.digits();
  if (key.is_real()) {
    const double value = key.real();
    if (value == 0) return "n0";
    if (value == std::floor(value) && std::isfinite(value)) return "n" + fixed(value, 0);
    return "f" + std::to_string(std::hash<double>()(value));
  }
  if (key.is_tuple()) {
    std::string text = "t";
    for (const Value& item : key.items()) {
      const std::string part = key_text(item);
      text += std::to_string(part.size()) + ":" + part;
      if (text.size() > kMaxKeyBytes) throw Complaint("a tuple as a key is longer than the limit");
    }
    return text;
  }
  throw Complaint("unhashable type: '" + std::string(key.type_name()) + "'");
}

}  // namespace

Value Value::undefined(std::string complaint) {
  return Value(Undefined{std::make_shared<const std::string>(std::move(complaint))});
}

Value Value::integer_of_digits(std::string digits) {
  if (const auto value = parse_whole<std::int64_t>(digits)) return integer(*value);
  return Value(LongInteger{std::make_shared<const std::string>(std::move(digits))});
}

Value Value::string(std::string value) {
  return Value(String(std::make_shared<const std::string>(std::move(value))));
}

Value Value::list(std::vector<Value> items) {
  const int depth = depth_of(items);
  return Value(Items(std::make_shared<const Sequence>(Sequence{std::move(items), false, depth})));
}

Value Value::tuple(std::vector<Value> items) {
  const int depth = depth_of(items);
  return Value(Items(std::make_shared<const Sequence>(Sequence{std::move(items), true, depth})));
}

Value Value::dict(Dict entries) {
  checked_depth(entries.depth());
  return Value(Entries(std::make_shared<const Dict>(std::move(entries))));
}

Value Value::from_json(const Json& json) {
  if (json.is_null()) return none();
  if (json.is_bool()) return boolean(json.as_bool());
  if (json.is_integer()) return integer(json.as_integer());
  if (json.is_long_integer()) return integer_of_digits(json.long_integer());
  if (json.is_real()) return real(json.real());
  if (json.is_string()) return string(replace_ill_formed_utf8(json.as_string()));
  if (json.is_array()) {
    std::vector<Value> items;
    items.reserve(json.as_array().size());
    for (const Json& item : json.as_array()) items.push_back(from_json(item));
    return list(std::move(items));
  }
  Dict entries;
  for (const JsonMember& member : json.as_object()) {
    entries.set(string(replace_ill_formed_utf8(member.key)), from_json(member.value));
  }
  return dict(std::move(entries));
}

double Value::real() const {
  if (is_long_integer()) return Json::integer_of_digits(digits()).as_number();
  return is_real() ? std::get<double>(value_) : static_cast<double>(integer());
}

std::string_view Value::type_name() const {
  if (is_sequence()) return is_tuple() ? "tuple" : "list";
  if (is_object()) return object()->type_name();
  if (is_long_integer()) return "int";
  static constexpr std::string_view kNames[] = {"Undefined", "NoneType", "bool", "int", "float", "str", "list", "dict"};
  return kNames[value_.index()];
}

std::string Value::complaint() const {
  const auto& text = std::get<Undefined>(value_).complaint;
  return text == nullptr ? "value is undefined" : *text;
}

bool Value::is_same(const Value& other) const {
  if (value_.index() != other.value_.index()) return false;
  if (is_string()) return std::get<String>(value_) == std::get<String>(other.value_) || string() == other.string();
  if (is_sequence()) return std::get<Items>(value_) == std::get<Items>(other.value_);
  if (is_dict()) return std::get<Entries>(value_) == std::get<Entries>(other.value_);
  if (is_object()) return object() == other.object();
  if (is_long_integer()) return digits() == other.digits();
  if (is_number()) return real() == other.real();
  return true;
}

bool Value::truth() const {
  if (is_undefined() || is_none()) return false;
  if (is_integral()) return integer() != 0;
  if (is_real()) return real() != 0;
  if (is_string()) return !string().empty();
  if (is_sequence()) return !items().empty();
  if (is_dict()) return !dict().entries().empty();
  return true;
}

int Value::depth() const {
  if (is_sequence()) return std::get<Items>(value_)->depth;
  return is_dict() ? dict().depth() : 0;
}

void Dict::set(Value key, Value value) {
  depth_ = std::max({depth_, value.depth() + 1, key.depth() + 1});
  const auto [position, is_new] = index_.try_emplace(key_text(key), entries_.size());
  if (is_new) {
    entries_.push_back({std::move(key), std::move(value)});
  } else {
    entries_[position->second].value = std::move(value);
  }
}

const Value* Dict::find(const Value& key) const {
  const auto position = index_.find(key_text(key));
  return position == index_.end() ? nullptr : &entries_[position->second].value;
}

const Value* Dict::find(std::string_view key) const {
  const auto position = index_.find(string_key(key));
  return position == index_.end() ? nullptr : &entries_[position->second].value;
}

}  // namespace wedlm::jinja
