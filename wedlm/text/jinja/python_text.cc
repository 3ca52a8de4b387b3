#include "wedlm/text/jinja/python_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>

#include "wedlm/base/json.h"
#include "wedlm/text/jinja/case_mapping.h"
#include "wedlm/text/jinja/characters.h"
#include "wedlm/text/jinja/operators.h"

namespace wedlm::jinja {
namespace {

constexpr char kHex[] = "0123456789abcdef";
constexpr int kMaxTextDepth = kMaxValueDepth + 50;  // past containers: a namespace may hold itself

void append_hex(std::string& out, char32_t c, int num_digits) {
  for (int i = num_digits - 1; i >= 0; --i) out += kHex[(c >> (4 * i)) & 15];
}

void check_depth(int depth) {
  if (depth > kMaxTextDepth) {
    throw Complaint("a value to be written nests deeper than the limit of " + std::to_string(kMaxTextDepth) +
                    " levels");
  }
}

class ReprWriter {
 public:
  explicit ReprWriter(Runtime& runtime) : runtime_(runtime) {}
  std::string take() { return std::move(out_); }

  void write(const Value& value, int depth) {
    check_depth(depth);
    runtime_.charge_steps(1);
    Runtime::check_text_size(static_cast<double>(out_.size()));
    if (value.is_undefined()) {
      out_ += "Undefined";
    } else if (value.is_none()) {
      out_ += "None";
    } else if (value.is_boolean()) {
      out_ += value.boolean() ? "True" : "False";
    } else if (value.is_integral() || value.is_long_integer()) {
      out_ += value.digits();
    } else if (value.is_real()) {
      out_ += real_text(value.real());
    } else if (value.is_string()) {
      runtime_.charge(value);
      out_ += quoted(value.string());
    } else if (value.is_sequence()) {
      write_sequence(value, depth);
    } else if (value.is_dict()) {
      write_dict(value.dict(), depth);
    } else if (const auto* object = dynamic_cast<const Namespace*>(value.object())) {
      out_ += "<Namespace ";
      write_dict(object->attributes(), depth);
      out_ += '>';
    } else {
      out_ += "<" + std::string(value.type_name()) + ">";
    }
  }

 private:
  void write_sequence(const Value& value, int depth) {
    out_ += value.is_tuple() ? '(' : '[';
    bool first = true;
    for (const Value& item : value.items()) {
      if (!first) out_ += ", ";
      first = false;
      write(item, depth + 1);
    }
    if (value.is_tuple() && value.items().size() == 1) out_ += ',';
    out_ += value.is_tuple() ? ')' : ']';
  }

  void write_dict(const Dict& dict, int depth) {
    out_ += '{';
    bool first = true;
    for (const auto& [key, value] : dict.entries()) {
      if (!first) out_ += ", ";
      first = false;
      write(key, depth + 1);
      out_ += ": ";
      write(value, depth + 1);
    }
    out_ += '}';
  }

  Runtime& runtime_;
  std::string out_;
};

class JsonTextWriter {
 public:
  JsonTextWriter(const JsonTextOptions& options, Runtime& runtime) : options_(options), runtime_(runtime) {}
  std::string take() { return std::move(out_); }

  void write(const Value& value, int depth) {
    check_depth(depth);
    runtime_.charge_steps(1);
    Runtime::check_text_size(static_cast<double>(out_.size()));
    if (value.is_none()) {
      out_ += "null";
    } else if (value.is_string()) {
      write_string(value.string());
    } else if (value.is_number()) {
      out_ += number_text(value);
    } else if (value.is_sequence()) {
      write_items(value.items(), '[', ']', depth, [&](const Value& item) { write(item, depth + 1); });
    } else if (value.is_dict()) {
      std::vector<Dict::Entry> entries = value.dict().entries();
      if (options_.sort_keys) {
        std::stable_sort(entries.begin(), entries.end(),
                         [&](const Dict::Entry& a, const Dict::Entry& b) { return less(a.key, b.key, runtime_); });
      }
      write_items(entries, '{', '}', depth, [&](const Dict::Entry& entry) {
        write_key(entry.key);
        out_ += options_.key_separator;
        write(entry.value, depth + 1);
      });
    } else {
      throw Complaint("Object of type " + std::string(value.type_name()) + " is not JSON serializable" +
                      (value.is_undefined() ? " (" + value.complaint() + ")" : ""));
    }
  }

 private:
  static std::string number_text(const Value& value) {
    if (value.is_boolean()) return value.boolean() ? "true" : "false";
    if (!value.is_real()) return value.digits();
    const double number = value.real();
    if (std::isnan(number)) return "NaN";
    if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
    return real_text(number);
  }

  void write_key(const Value& key) {
    if (key.is_string()) {
      write_string(key.string());
    } else if (key.is_number()) {
      out_ += '"' + number_text(key) + '"';
    } else if (key.is_none()) {
      out_ += "\"null\"";
    } else {
      throw Complaint("keys must be str, int, float, bool or None, not " + std::string(key.type_name()));
    }
  }

  template <class Items, class WriteItem>
  void write_items(const Items& items, char open, char close, int depth, const WriteItem& write_item) {
    out_ += open;
    bool first = true;
    for (const auto& item : items) {
      if (!first) out_ += options_.item_separator;
      first = false;
      new_line(depth + 1);
      write_item(item);
    }
    if (!items.empty()) new_line(depth);
    out_ += close;
  }

  void new_line(int depth) {
    if (!options_.indent) return;
    Runtime::check_text_size(static_cast<double>(out_.size()) +
                             static_cast<double>(options_.indent->size()) * static_cast<double>(depth));
    out_ += '\n';
    for (int i = 0; i < depth; ++i) out_ += *options_.indent;
  }

  void write_string(std::string_view text) {
    runtime_.charge_bytes(text.size());
    append_json_string(out_, text, options_.ensure_ascii ? JsonCharacters::kAscii : JsonCharacters::kUnicode);
  }

  const JsonTextOptions& options_;
  Runtime& runtime_;
  std::string out_;
};

/// Without white space around it and without the underscores that Python allows between digits.
std::optional<std::string> plain_number(std::string_view text) {
  const std::string_view stripped = strip(text, Side::kBoth);
  std::string plain;
  for (std::size_t i = 0; i < stripped.size(); ++i) {
    if (stripped[i] != '_') {
      plain += stripped[i];
      continue;
    }
    const auto is_alnum = [&](std::size_t at) {
      const char c = at < stripped.size() ? stripped[at] : ' ';
      return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
    };
    if (i == 0 || !is_alnum(i - 1) || !is_alnum(i + 1)) return std::nullopt;
  }
  if (plain.starts_with('+') && !plain.starts_with("+-")) plain.erase(0, 1);
  return plain;
}

}  // namespace

std::string quoted(std::string_view text) {
  const bool has_single = text.find('\'') != std::string_view::npos;
  const char quote = has_single && text.find('"') == std::string_view::npos ? '"' : '\'';
  std::string out(1, quote);
  for (const char32_t c : decode(text)) {
    if (c == static_cast<char32_t>(quote) || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (is_printable(c)) {
      append_code_point(out, c);
    } else if (c < 0x100) {
      out += "\\x";
      append_hex(out, c, 2);
    } else if (c < 0x10000) {
      out += "\\u";
      append_hex(out, c, 4);
    } else {
      out += "\\U";
      append_hex(out, c, 8);
    }
  }
  out += quote;
  return out;
}

std::string real_text(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  char buffer[64];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  std::string text(buffer, end);
  const std::size_t e = text.find('e');
  const int exponent = std::stoi(text.substr(e + 1));
  if (exponent < -4 || exponent >= 16) return text;
  const auto [fixed_end, fixed_error] = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed);
  text.assign(buffer, fixed_end);
  if (text.find('.') == std::string::npos) text += ".0";
  return text;
}

std::string fixed_text(double value, int num_decimals) {
  const int size = std::snprintf(nullptr, 0, "%.*f", num_decimals, value);
  std::string text(static_cast<std::size_t>(size) + 1, '\0');
  std::snprintf(text.data(), text.size(), "%.*f", num_decimals, value);
  text.pop_back();
  return text;
}

std::string repr(const Value& value, Runtime& runtime) {
  ReprWriter writer(runtime);
  writer.write(value, 0);
  return writer.take();
}

std::string to_text(const Value& value, Runtime& runtime) {
  if (value.is_string()) return value.string();
  if (value.is_undefined()) return "";
  return repr(value, runtime);
}

std::string json_text(const Value& value, const JsonTextOptions& options, Runtime& runtime) {
  JsonTextWriter writer(options, runtime);
  writer.write(value, 0);
  return writer.take();
}

std::optional<Value> parse_any_integer(std::string_view text, int base) {
  const std::optional<std::string> plain = plain_number(text);
  if (!plain || plain->empty() || base < 0 || base == 1 || base > 36) return std::nullopt;
  const bool negative = plain->front() == '-';
  std::string digits = negative ? plain->substr(1) : *plain;
  int radix = base;
  if (digits.size() > 2 && digits[0] == '0') {
    const char mark = static_cast<char>(digits[1] | 32);
    const int marked = mark == 'x' ? 16 : mark == 'o' ? 8 : mark == 'b' ? 2 : 0;
    if (marked != 0 && (base == 0 || base == marked)) {
      radix = marked;
      digits.erase(0, 2);
    }
  }
  if (radix == 0) radix = 10;
  if (digits.empty() || digits.front() == '-') return std::nullopt;
  digits.insert(0, negative ? "-" : "");
  std::int64_t value = 0;
  const char* last = digits.data() + digits.size();
  const auto [end, error] = std::from_chars(digits.data(), last, value, radix);
  if (end != last) return std::nullopt;
  if (error == std::errc()) return Value::integer(value);
  if (radix != 10) return std::nullopt;
  const std::size_t zeros = digits.find_first_not_of("-0");
  return Value::integer_of_digits((negative ? "-" : "") + digits.substr(zeros));
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  const std::optional<Value> value = parse_any_integer(text, 10);
  return value && value->is_integral() ? std::optional(value->integer()) : std::nullopt;
}

std::optional<double> parse_real(std::string_view text) {
  const std::optional<std::string> plain = plain_number(text);
  if (!plain || plain->empty()) return std::nullopt;
  const std::string lowered = lower(*plain);
  if (lowered.find('(') != std::string::npos) return std::nullopt;  // from_chars reads nan(payload), Python does not
  double value = 0;
  const char* last = lowered.data() + lowered.size();
  const auto [end, error] = std::from_chars(lowered.data(), last, value);
  if (end != last) return std::nullopt;
  if (error == std::errc::result_out_of_range) {
    const bool tiny = lowered.find("e-") != std::string::npos;
    const double magnitude = tiny ? 0.0 : std::numeric_limits<double>::infinity();
    return lowered.front() == '-' ? -magnitude : magnitude;
  }
  if (error != std::errc()) return std::nullopt;
  return value;
}

}  // namespace wedlm::jinja
