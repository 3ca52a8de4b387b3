// Values of a template: Python's None, bool, int, float, str, list, tuple and dict, Jinja's undefined, and objects
// (namespaces, macros, loops). Containers never change once made, as in Jinja's immutable sandbox, so they are shared
// freely and cannot form cycles; only objects can, and those belong to the Runtime. Integers that one computes with
// have 64 bits; one that came in longer (a long integer) is shown, compared and passed on with all its digits.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "wedlm/base/json.h"

namespace wedlm::jinja {

/// What went wrong, without the place; the interpreter and the parser add template and line and throw InvalidInput.
class Complaint : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Value;
class Dict;
class Object;

struct Undefined {
  std::shared_ptr<const std::string> complaint;  // what using it says; null: "value is undefined"
};
struct None {};
struct Sequence {
  std::vector<Value> items;
  bool is_tuple = false;
  int depth = 1;
};

class Value {
 public:
  Value() = default;  // undefined
  static Value undefined(std::string complaint);
  static Value none() { return Value(None{}); }
  static Value boolean(bool value) { return Value(value); }
  static Value integer(std::int64_t value) { return Value(value); }
  /// `digits`: a minus sign or none, and decimal digits without zeros in front; of 64 bits it is integer()'s.
  static Value integer_of_digits(std::string digits);
  static Value real(double value) { return Value(value); }
  static Value string(std::string value);
  /// Throws Complaint where containers would nest deeper than kMaxValueDepth, as does dict().
  static Value list(std::vector<Value> items);
  static Value tuple(std::vector<Value> items);
  static Value dict(Dict entries);
  static Value object(Object* value) { return Value(value); }
  /// A value of JSON; ill-formed UTF-8 becomes U+FFFD.
  static Value from_json(const Json& json);

  bool is_undefined() const { return std::holds_alternative<Undefined>(value_); }
  bool is_none() const { return std::holds_alternative<None>(value_); }
  bool is_boolean() const { return std::holds_alternative<bool>(value_); }
  bool is_real() const { return std::holds_alternative<double>(value_); }
  bool is_string() const { return std::holds_alternative<String>(value_); }
  bool is_sequence() const { return std::holds_alternative<Items>(value_); }
  bool is_tuple() const { return is_sequence() && std::get<Items>(value_)->is_tuple; }
  bool is_dict() const { return std::holds_alternative<Entries>(value_); }
  bool is_object() const { return std::holds_alternative<Object*>(value_); }
  bool is_long_integer() const { return std::holds_alternative<LongInteger>(value_); }
  /// An int of 64 bits; Python's bool is one too.
  bool is_integral() const { return is_boolean() || std::holds_alternative<std::int64_t>(value_); }
  bool is_number() const { return is_integral() || is_real() || is_long_integer(); }

  bool boolean() const { return std::get<bool>(value_); }
  std::int64_t integer() const { return is_boolean() ? std::int64_t{boolean()} : std::get<std::int64_t>(value_); }
  /// Of any number; a long integer past all doubles is infinite.
  double real() const;
  /// The decimal digits of an int of any length.
  std::string digits() const {
    return is_long_integer() ? *std::get<LongInteger>(value_).digits : std::to_string(integer());
  }
  const std::string& string() const { return *std::get<String>(value_); }
  const std::vector<Value>& items() const { return std::get<Items>(value_)->items; }
  const Dict& dict() const { return *std::get<Entries>(value_); }
  Object* object() const { return std::get<Object*>(value_); }

  /// Python's name of the type: "str", "NoneType", ...
  std::string_view type_name() const;
  /// What an undefined value says when it is used.
  std::string complaint() const;
  /// The same object in memory, or an equal None, bool or number: Python's `is`.
  bool is_same(const Value& other) const;
  bool truth() const;
  /// Levels of containers; 0 for what is no container.
  int depth() const;

 private:
  using String = std::shared_ptr<const std::string>;
  using Items = std::shared_ptr<const Sequence>;
  using Entries = std::shared_ptr<const Dict>;
  struct LongInteger {
    std::shared_ptr<const std::string> digits;
  };
  template <class T>
  explicit Value(T value) : value_(std::move(value)) {}

  std::variant<Undefined, None, bool, std::int64_t, double, String, Items, Entries, Object*, LongInteger> value_;
};

/// Keeps insertion order, as Python's dict does.
class Dict {
 public:
  struct Entry {
    Value key;
    Value value;
  };

  /// Adds or replaces. Throws Complaint for a key that cannot be one ("unhashable type: 'list'"), as does find().
  void set(Value key, Value value);
  const Value* find(const Value& key) const;
  const Value* find(std::string_view key) const;
  const std::vector<Entry>& entries() const { return entries_; }
  int depth() const { return depth_; }

 private:
  std::vector<Entry> entries_;
  std::unordered_map<std::string, std::size_t> index_;  // by a text that is the same for equal keys
  int depth_ = 1;
};

inline constexpr int kMaxValueDepth = 200;

}  // namespace wedlm::jinja
