// A JSON value: what a parser of untrusted text returned, or what is to be written. Members keep the order of the text,
// and integers their digits, which chat templates show. Parsing is bounded in depth and refuses duplicate keys. It
// knows nothing of any schema.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace wedlm {

struct JsonMember;

/// A number that neither std::int64_t nor double can hold, as it was written.
struct LongNumber {
  std::string text;
  bool operator==(const LongNumber&) const = default;
};

class Json {
 public:
  using Array = std::vector<Json>;
  using Object = std::vector<JsonMember>;

  // Defined in json.cc: a constructor needs a vector of members, and a member needs a complete Json.
  Json();
  Json(std::nullptr_t);
  Json(bool value);
  Json(int value);
  Json(std::int64_t value);
  Json(std::uint64_t value);
  Json(double value);
  Json(const char* value);
  Json(std::string_view value);
  Json(std::string value);
  Json(Array value);
  Json(Object value);
  static Json object(std::initializer_list<JsonMember> members);
  /// An integer of any length: a minus sign or none, and decimal digits.
  static Json integer_of_digits(std::string digits);
  /// A real number past the range of double, well-formed; it is infinite, and its text stays for messages.
  static Json overflow(std::string text);

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  bool is_bool() const { return std::holds_alternative<bool>(value_); }
  bool is_integer() const { return std::holds_alternative<std::int64_t>(value_); }  // of 64 bits
  bool is_long_integer() const;
  bool is_real() const;    // NaN and infinities too
  bool is_number() const;  // finite
  bool is_string() const { return std::holds_alternative<std::string>(value_); }
  bool is_array() const { return std::holds_alternative<Array>(value_); }
  bool is_object() const { return std::holds_alternative<Object>(value_); }
  /// "null", "a boolean", "an integer", "a number", "a string", "an array" or "an object", for messages; also "NaN",
  /// "Infinity", "-Infinity" and "an integer past 64 bits".
  std::string_view kind() const;

  /// Each throws InvalidInput ("expected a string, got an array") when the value is of another kind.
  bool as_bool() const;
  std::int64_t as_integer() const;
  double as_number() const;  // any finite one; an integer past all doubles is infinite
  const std::string& as_string() const;
  const Array& as_array() const;
  const Object& as_object() const;

  /// Of what is_real() and is_long_integer(): the number as it is, and its digits.
  double real() const;
  const std::string& long_integer() const { return std::get<LongNumber>(value_).text; }
  /// A real number that is not finite: "NaN", "-Infinity", "1e999 (overflow)".
  std::string non_finite_text() const;

  /// The member of that name, or nullptr where there is none or this is no object.
  const Json* find(std::string_view key) const;
  /// The member of that name; throws InvalidInput ("missing key 'x'") where there is none.
  const Json& at(std::string_view key) const;
  /// Appends a member to an object (a null value becomes an empty object first).
  void set(std::string key, Json value);
  /// Gives the member of that name another value, in its place; appends it where there is none.
  void replace(std::string_view key, Json value);

  bool operator==(const Json& other) const;

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object, LongNumber> value_;
};

struct JsonMember {
  std::string key;
  Json value;
  bool operator==(const JsonMember&) const = default;
};

struct JsonLimits {
  int max_depth = 64;  // of nested arrays and objects
};

/// Parses one JSON text (RFC 8259; UTF-8), with the numbers that Python's json writes besides: NaN, Infinity and
/// -Infinity, integers of any length, and real numbers past the range of double, which are infinite. `what` names the
/// text in messages: a path, or "line 3 of prompts.jsonl". Throws InvalidInput for text that is not JSON, duplicate
/// keys, or nesting past the limit.
Json parse_json(std::string_view text, std::string_view what, JsonLimits limits = {});

/// Writes a value without white space. Integers have all their digits, doubles are the shortest text that reads back
/// the same; not-a-number and infinities become null. Bytes that are not UTF-8 become U+FFFD, so that the text can
/// always be parsed again.
std::string write_json(const Json& value);

enum class JsonCharacters {
  kUnicode,  // escapes only what it must
  kAscii,    // and everything outside printable ASCII, as UTF-16 code units
};

/// Appends `text` as a JSON string, in quotes. Ill-formed UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text, JsonCharacters characters = JsonCharacters::kUnicode);

/// `text` with every ill-formed UTF-8 sequence replaced by U+FFFD (Unicode 15, section 3.9, maximal subparts).
std::string replace_ill_formed_utf8(std::string_view text);

}  // namespace wedlm
