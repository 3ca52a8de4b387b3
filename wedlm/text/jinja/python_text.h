// Values as text, to the letter as Python writes them: str(), repr() and json.dumps(), and numbers read from text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "wedlm/text/jinja/runtime.h"

namespace wedlm::jinja {

/// str(): what {{ value }} prints. Undefined is empty. Throws Complaint past the limits of the Runtime.
std::string to_text(const Value& value, Runtime& runtime);
/// repr(): strings in quotes.
std::string repr(const Value& value, Runtime& runtime);
std::string quoted(std::string_view text);

/// float.__repr__: the shortest digits that read back the same.
std::string real_text(double value);
/// "%.*f": the exact value rounded half to even.
std::string fixed_text(double value, int num_decimals);

struct JsonTextOptions {
  bool ensure_ascii = false;
  bool sort_keys = false;
  std::optional<std::string> indent;  // of one level; nullopt: all on one line
  std::string item_separator = ", ";
  std::string key_separator = ": ";
};

/// json.dumps. Throws Complaint for what JSON does not have (undefined, an object).
std::string json_text(const Value& value, const JsonTextOptions& options, Runtime& runtime);

/// int(text, base) of Python, of any length in base 10 and of 64 bits in others; nullopt where the text is no such
/// number.
std::optional<Value> parse_any_integer(std::string_view text, int base);
/// int(text) and float(text) of Python; nullopt where the text is no number, and no int of 64 bits.
std::optional<std::int64_t> parse_integer(std::string_view text);
std::optional<double> parse_real(std::string_view text);

}  // namespace wedlm::jinja
