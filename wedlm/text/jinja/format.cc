#include "wedlm/text/jinja/format.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "wedlm/text/jinja/case_mapping.h"
#include "wedlm/text/jinja/characters.h"
#include "wedlm/text/jinja/operators.h"
#include "wedlm/text/jinja/python_text.h"

namespace wedlm::jinja {
namespace {

constexpr std::int64_t kMaxWidth = 1 << 20;
constexpr int kMaxPrecision = 400;

struct Specification {
  char32_t fill = ' ';
  char align = '\0';  // one of < > ^ =
  char sign = '-';
  bool alternate = false;
  char group = '\0';  // , or _ between thousands
  std::int64_t width = 0;
  int precision = -1;  // -1: not given
  char type = '\0';
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Digits from `position` on; -1 where there are none.
std::int64_t read_number(std::string_view text, std::size_t& position, std::int64_t limit) {
  if (position >= text.size() || !is_digit(text[position])) return -1;
  std::int64_t value = 0;
  for (; position < text.size() && is_digit(text[position]); ++position) {
    value = value * 10 + (text[position] - '0');
    if (value > limit)
      throw Complaint("a width or precision of a format is past the limit of " + std::to_string(limit));
  }
  return value;
}

std::string printf_real(const char* format, int precision, double value) {
  std::string text(512, '\0');
  const int size = std::snprintf(text.data(), text.size(), format, precision, value);
  if (size >= static_cast<int>(text.size())) {
    text.resize(static_cast<std::size_t>(size) + 1);
    std::snprintf(text.data(), text.size(), format, precision, value);
  }
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::string real_digits(double magnitude, const Specification& spec) {
  const int precision = spec.precision < 0 ? 6 : spec.precision;
  switch (spec.type) {
    case 'e':
      return printf_real("%.*e", precision, magnitude);
    case 'E':
      return printf_real("%.*E", precision, magnitude);
    case 'g':
      return printf_real("%.*g", std::max(precision, 1), magnitude);
    case 'G':
      return printf_real("%.*G", std::max(precision, 1), magnitude);
    case '%':
      return printf_real("%.*f", precision, magnitude * 100) + "%";
    case '\0':
      if (spec.precision < 0) return real_text(magnitude);
      return printf_real("%.*g", std::max(precision, 1), magnitude);
    default:
      return printf_real("%.*f", precision, magnitude);
  }
}

/// Without the sign.
std::string integer_digits(const Value& value, const Specification& spec) {
  const int radix = spec.type == 'x' || spec.type == 'X' ? 16 : spec.type == 'o' ? 8 : spec.type == 'b' ? 2 : 10;
  std::string text = value.digits();
  if (text.starts_with('-')) text.erase(0, 1);
  if (radix == 10) return text;
  if (value.is_long_integer()) throw Complaint("an integer does not fit 64 bits");
  const auto bits = static_cast<std::uint64_t>(value.integer());
  char buffer[72];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value.integer() < 0 ? 0 - bits : bits, radix);
  text.assign(buffer, end);
  if (spec.type == 'X') text = upper(text);
  if (spec.alternate) text.insert(0, std::string("0") + spec.type);
  return text;
}

void group_thousands(std::string& digits, char separator) {
  std::size_t end = 0;
  while (end < digits.size() && is_digit(digits[end])) ++end;
  for (std::size_t i = end; i > 3; i -= 3) digits.insert(i - 3, 1, separator);
}

/// Text, sign and digits filled up to the width.
std::string padded(const std::string& sign, const std::string& body, const Specification& spec, char default_align) {
  const std::int64_t missing = spec.width - num_code_points(sign) - num_code_points(body);
  if (missing <= 0) return sign + body;
  const char align = spec.align == '\0' ? default_align : spec.align;
  const std::int64_t left = align == '>' || align == '=' ? missing : align == '^' ? missing / 2 : 0;
  std::string before, after;
  for (std::int64_t i = 0; i < left; ++i) append_code_point(before, spec.fill);
  for (std::int64_t i = left; i < missing; ++i) append_code_point(after, spec.fill);
  return align == '=' ? sign + before + body : before + sign + body + after;
}

std::string sign_text(bool negative, char sign) {
  if (negative) return "-";
  return sign == '-' ? "" : std::string(1, sign);
}

std::string format_number(const Value& value, const Specification& spec) {
  static constexpr std::string_view kRealTypes = "eEfFgG%";
  std::string digits;
  bool negative = false;
  if (value.is_real() || (spec.type != '\0' && kRealTypes.find(spec.type) != std::string_view::npos)) {
    if (spec.type != '\0' && kRealTypes.find(spec.type) == std::string_view::npos) {
      throw Complaint("unknown format code '" + std::string(1, spec.type) + "' for object of type 'float'");
    }
    negative = std::signbit(value.real());
    digits = real_digits(std::abs(value.real()), spec);
  } else {
    static constexpr std::string_view kIntegerTypes = "dxXobn";
    if (spec.type != '\0' && kIntegerTypes.find(spec.type) == std::string_view::npos) {
      throw Complaint("unknown format code '" + std::string(1, spec.type) + "' for object of type 'int'");
    }
    digits = integer_digits(value, spec);
    negative = value.digits().starts_with('-');
  }
  if (spec.group != '\0') group_thousands(digits, spec.group);
  return padded(sign_text(negative, spec.sign), digits, spec, '>');
}

std::string first_code_points(const std::string& text, int count) {
  if (count < 0) return text;
  return encode(decode(text).substr(0, static_cast<std::size_t>(count)));
}

Specification parse_specification(std::string_view text) {
  static constexpr std::string_view kAligns = "<>^=";
  Specification spec;
  std::size_t i = 0;
  const auto at = [&](std::size_t position) { return position < text.size() ? text[position] : '\0'; };
  const auto is_align = [&](char c) { return c != '\0' && kAligns.find(c) != std::string_view::npos; };
  const std::size_t fill_size = text.empty() ? 0 : sequence_length(text.front());
  if (fill_size > 0 && is_align(at(fill_size))) {
    spec.fill = decode(text.substr(0, fill_size)).front();
    spec.align = at(fill_size);
    i = fill_size + 1;
  } else if (is_align(at(0))) {
    spec.align = at(i++);
  }
  if (at(i) == '+' || at(i) == '-' || at(i) == ' ') spec.sign = at(i++);
  if (at(i) == '#') {
    spec.alternate = true;
    ++i;
  }
  if (at(i) == '0' && spec.align == '\0') {
    spec.fill = '0';
    spec.align = '=';
    ++i;
  }
  spec.width = std::max<std::int64_t>(read_number(text, i, kMaxWidth), 0);
  if (at(i) == ',' || at(i) == '_') spec.group = at(i++);
  if (at(i) == '.') {
    spec.precision = static_cast<int>(read_number(text, ++i, kMaxPrecision));
    if (spec.precision < 0) throw Complaint("format specifier missing precision");
  }
  if (i < text.size()) spec.type = at(i++);
  if (i < text.size()) throw Complaint("invalid format specifier '" + std::string(text) + "'");
  return spec;
}

std::string format_value(const Value& value, std::string_view specification, Runtime& runtime) {
  if (specification.empty()) return to_text(value, runtime);
  Specification spec = parse_specification(specification);
  const bool as_number = value.is_number() && !(value.is_boolean() && (spec.type == '\0' || spec.type == 's'));
  if (as_number) return format_number(value, spec);
  if (spec.type != '\0' && spec.type != 's') {
    throw Complaint("unknown format code '" + std::string(1, spec.type) + "' for object of type '" +
                    std::string(value.type_name()) + "'");
  }
  if (spec.align == '=') spec.align = '<';
  return padded("", first_code_points(to_text(value, runtime), spec.precision), spec, '<');
}

/// One value after another for the fields of "%"; a dict is asked by name.
class PercentValues {
 public:
  explicit PercentValues(const Value& values) : values_(values) {}

  const Value& next() {
    if (!values_.is_tuple()) {
      if (num_taken_++ > 0) throw Complaint("not enough arguments for format string");
      return values_;
    }
    if (num_taken_ >= values_.items().size()) throw Complaint("not enough arguments for format string");
    return values_.items()[num_taken_++];
  }

  const Value& named(std::string_view name) {
    if (!values_.is_dict()) throw Complaint("format requires a mapping");
    is_named_ = true;
    const Value* value = values_.dict().find(name);
    if (value == nullptr) throw Complaint("format has no value for '" + std::string(name) + "'");
    return *value;
  }

  void check_all_taken() const {
    const bool all = values_.is_tuple() ? num_taken_ == values_.items().size()
                                        : num_taken_ > 0 || is_named_ || values_.is_dict() || values_.is_sequence();
    if (!all) throw Complaint("not all arguments converted during string formatting");
  }

 private:
  const Value& values_;
  std::size_t num_taken_ = 0;
  bool is_named_ = false;
};

std::string format_percent_field(const Value& value, Specification spec, Runtime& runtime) {
  const char type = spec.type;
  if (type == 's' || type == 'r' || type == 'a') {
    const std::string text = type == 's' ? to_text(value, runtime) : repr(value, runtime);
    return padded("", first_code_points(text, spec.precision), spec, '>');
  }
  if (type == 'c') {
    std::string text = value.is_string() ? value.string() : "";
    if (value.is_integral()) append_code_point(text, static_cast<char32_t>(value.integer()));
    return padded("", text, spec, '>');
  }
  static constexpr std::string_view kTypes = "dixXoeEfFgG";
  if (kTypes.find(type) == std::string_view::npos) {
    throw Complaint("unsupported format character '" + std::string(1, type) + "'");
  }
  if (!value.is_number()) {
    require_defined(value);
    throw Complaint("%" + std::string(1, type) + " format: a real number is required, not " +
                    std::string(value.type_name()));
  }
  if (type == 'd' || type == 'i' || type == 'x' || type == 'X' || type == 'o') {
    if (type == 'i') spec.type = 'd';
    if (value.is_real()) {
      if (!std::isfinite(value.real())) throw Complaint("cannot convert float NaN or infinity to integer");
      const double whole = std::trunc(value.real());
      return format_number(whole == 0 ? Value::integer(0) : Value::integer_of_digits(fixed_text(whole, 0)), spec);
    }
    if (spec.precision >= 0) {
      Specification digits = spec;
      digits = {.fill = '0', .align = '=', .width = spec.precision, .type = spec.type};
      const bool negative = value.digits().starts_with('-');
      if (negative) ++digits.width;
      const std::string text = format_number(value, digits);
      return padded(sign_text(negative, spec.sign), text.substr(negative ? 1 : 0), spec, '>');
    }
  }
  return format_number(value, spec);
}

class BraceFormatter {
 public:
  BraceFormatter(const Arguments& arguments, Runtime& runtime) : arguments_(arguments), runtime_(runtime) {}

  std::string format(std::string_view text, int depth) {
    if (depth > 2) throw Complaint("max string recursion exceeded");
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
      const char c = text[i];
      if ((c == '{' || c == '}') && i + 1 < text.size() && text[i + 1] == c) {
        out += c;
        i += 2;
      } else if (c == '{') {
        const std::size_t end = field_end(text, i + 1);
        out += format_field(text.substr(i + 1, end - i - 1), depth);
        i = end + 1;
      } else if (c == '}') {
        throw Complaint("single '}' encountered in format string");
      } else {
        out += c;
        ++i;
      }
      Runtime::check_text_size(static_cast<double>(out.size()));
    }
    return out;
  }

 private:
  static std::size_t field_end(std::string_view text, std::size_t begin) {
    int open = 1;
    for (std::size_t i = begin; i < text.size(); ++i) {
      if (text[i] == '{') ++open;
      if (text[i] == '}' && --open == 0) return i;
    }
    throw Complaint("expected '}' before end of format string");
  }

  std::string format_field(std::string_view field, int depth) {
    const std::size_t mark = field.find_first_of("!:");
    std::string_view name = field.substr(0, mark);
    std::string_view rest = mark == std::string_view::npos ? std::string_view() : field.substr(mark);
    Value value = field_value(name);
    if (rest.starts_with('!')) {
      if (rest.size() < 2 || (rest[1] != 'r' && rest[1] != 's')) throw Complaint("unknown conversion in format string");
      value = Value::string(rest[1] == 'r' ? repr(value, runtime_) : to_text(value, runtime_));
      rest.remove_prefix(2);
    }
    if (!rest.empty() && rest.front() != ':') throw Complaint("expected ':' after conversion specifier");
    const std::string specification = rest.empty() ? std::string() : format(rest.substr(1), depth + 1);
    return format_value(value, specification, runtime_);
  }

  Value field_value(std::string_view name) {
    const std::size_t end = std::min(name.find_first_of(".["), name.size());
    Value value = first_value(name.substr(0, end));
    for (std::size_t i = end; i < name.size();) {
      if (name[i] == '.') {
        const std::size_t next = std::min(name.find_first_of(".[", i + 1), name.size());
        value = get_attribute(value, name.substr(i + 1, next - i - 1), runtime_);
        i = next;
      } else {
        const std::size_t close = name.find(']', i);
        if (name[i] != '[' || close == std::string_view::npos) throw Complaint("missing ']' in format string");
        const std::string_view key = name.substr(i + 1, close - i - 1);
        const std::optional<std::int64_t> index = parse_integer(key);
        value = get_item(value, index ? Value::integer(*index) : Value::string(std::string(key)), runtime_);
        i = close + 1;
      }
    }
    return value;
  }

  Value first_value(std::string_view name) {
    std::optional<std::int64_t> index = parse_integer(name);
    if (name.empty()) index = next_++;
    if (index) {
      if (*index < 0 || static_cast<std::size_t>(*index) >= arguments_.positional.size()) {
        throw Complaint("replacement index " + std::to_string(*index) + " out of range for positional args tuple");
      }
      return arguments_.positional[static_cast<std::size_t>(*index)];
    }
    for (const auto& [key, value] : arguments_.named) {
      if (key == name) return value;
    }
    throw Complaint("format has no value for '" + std::string(name) + "'");
  }

  const Arguments& arguments_;
  Runtime& runtime_;
  std::int64_t next_ = 0;
};

}  // namespace

std::string format_percent(std::string_view format, const Value& values, Runtime& runtime) {
  PercentValues source(values);
  std::string out;
  const auto at = [&](std::size_t position) { return position < format.size() ? format[position] : '\0'; };
  for (std::size_t i = 0; i < format.size();) {
    if (format[i] != '%') {
      out += format[i++];
      continue;
    }
    if (at(++i) == '%') {
      out += '%';
      ++i;
      continue;
    }
    const Value* value = nullptr;
    if (at(i) == '(') {
      const std::size_t close = format.find(')', i);
      if (close == std::string_view::npos) throw Complaint("incomplete format key");
      value = &source.named(format.substr(i + 1, close - i - 1));
      i = close + 1;
    }
    Specification spec;
    for (bool is_flag = true; is_flag; i += is_flag ? 1 : 0) {
      const char flag = at(i);
      is_flag = flag == '-' || flag == '+' || flag == ' ' || flag == '0' || flag == '#';
      if (flag == '-') spec.align = '<';
      if (flag == '+' || (flag == ' ' && spec.sign != '+')) spec.sign = flag;
      if (flag == '0' && spec.align == '\0') {
        spec.fill = '0';
        spec.align = '=';
      }
      if (flag == '#') spec.alternate = true;
    }
    if (spec.align == '<') spec.fill = ' ';
    spec.width = std::max<std::int64_t>(read_number(format, i, kMaxWidth), 0);
    if (at(i) == '.') spec.precision = std::max(0, static_cast<int>(read_number(format, ++i, kMaxPrecision)));
    if (i >= format.size()) throw Complaint("incomplete format");
    spec.type = at(i++);
    out += format_percent_field(value == nullptr ? source.next() : *value, spec, runtime);
    Runtime::check_text_size(static_cast<double>(out.size()));
  }
  source.check_all_taken();
  return out;
}

std::string format_braces(std::string_view format, const Arguments& arguments, Runtime& runtime) {
  return BraceFormatter(arguments, runtime).format(format, 0);
}

}  // namespace wedlm::jinja
