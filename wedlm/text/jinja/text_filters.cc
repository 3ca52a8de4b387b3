// Filters of texts and numbers: case, white space, replacement, rounding, conversion.
#include <algorithm>
#include <cmath>

#include "wedlm/text/jinja/builtins.h"
#include "wedlm/text/jinja/case_mapping.h"
#include "wedlm/text/jinja/characters.h"
#include "wedlm/text/jinja/format.h"
#include "wedlm/text/jinja/html.h"
#include "wedlm/text/jinja/operators.h"
#include "wedlm/text/jinja/python_text.h"

namespace wedlm::jinja {
namespace {

template <std::string (*map)(std::string_view)>
Value mapped(Runtime& runtime, const Value& input, const Arguments& arguments) {
  bind("case filter", arguments, {});
  return Value::string(map(to_text(input, runtime)));
}

Value to_string(Runtime& runtime, const Value& input, const Arguments&) {
  return Value::string(to_text(input, runtime));
}

Value trim(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Bound bound = bind("trim", arguments, {"chars"});
  const std::string text = to_text(input, runtime);
  if (!bound.is_given(0)) return Value::string(std::string(strip(text, Side::kBoth)));
  return Value::string(std::string(strip(text, Side::kBoth, bound.text(0))));
}

Value replace(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Bound bound = bind("replace", arguments, {"old", "new", "count"});
  const std::int64_t limit = bound.is_given(2) ? bound.integer(2) : -1;
  return Value::string(
      replace_text(to_text(input, runtime), to_text(bound.at(0), runtime), to_text(bound.at(1), runtime), limit));
}

Value escape(Runtime& runtime, const Value& input, const Arguments&) {
  std::string out;
  for (const char c : to_text(input, runtime)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '"':
        out += "&#34;";
        break;
      default:
        out += c;
    }
  }
  return Value::string(std::move(out));
}

Value center(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const std::int64_t width = bind("center", arguments, {"width"}).integer(0, 80);
  return Value::string(pad_text(to_text(input, runtime), width, '^', " "));
}

Value indent(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Bound bound = bind("indent", arguments, {"width", "first", "blank"});
  std::string indentation = "    ";
  if (bound.has(0)) indentation = bound.at(0).is_string() ? bound.text(0) : pad_text("", bound.integer(0), '<', " ");
  const bool indents_blank = bound.truth(2, false);
  const std::string text = to_text(input, runtime) + '\n';  // which keeps a line end that the text has
  const std::vector<std::string_view> lines = split_lines(text, LineEnds::kDropped);
  Runtime::check_text_size(static_cast<double>(text.size()) +
                           static_cast<double>(lines.size()) * static_cast<double>(indentation.size()));
  std::string out = bound.truth(1, false) ? indentation : "";
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) out += '\n';
    if (i > 0 && (indents_blank || !lines[i].empty())) out += indentation;
    out += lines[i];
  }
  return Value::string(std::move(out));
}

Value truncate(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Bound bound = bind("truncate", arguments, {"length", "killwords", "end", "leeway"});
  const std::int64_t length = bound.integer(0, 255);
  const std::u32string end = decode(bound.text(2, "..."));
  const std::int64_t leeway = bound.is_given(3) ? bound.integer(3) : 5;
  const auto end_size = static_cast<std::int64_t>(end.size());
  if (length < end_size) throw Complaint("truncate(): the length is shorter than the end");
  if (leeway < 0) throw Complaint("truncate(): the leeway is negative");
  const std::u32string text = decode(to_text(input, runtime));
  if (static_cast<std::int64_t>(text.size()) - leeway <= length) return Value::string(encode(text));
  std::u32string kept = text.substr(0, static_cast<std::size_t>(length - end_size));
  const std::size_t space = kept.rfind(U' ');
  if (!bound.truth(1, false) && space != std::u32string::npos) kept.resize(space);
  return Value::string(encode(kept + end));
}

Value word_count(Runtime& runtime, const Value& input, const Arguments&) {
  std::int64_t number = 0;
  bool inside_word = false;
  for (const char32_t c : decode(to_text(input, runtime))) {
    const bool is_word = is_alpha(c) || is_numeric(c) || c == '_';
    number += is_word && !inside_word ? 1 : 0;
    inside_word = is_word;
  }
  return Value::integer(number);
}

Value striptags(Runtime& runtime, const Value& input, const Arguments&) {
  return Value::string(strip_tags(to_text(input, runtime)));
}

/// `kForm` writes a blank as +, as forms do, and keeps no slash.
enum class UrlPart { kPath, kForm };

std::string percent_encoded(std::string_view text, UrlPart part) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  const std::string_view safe = part == UrlPart::kPath ? "_.-~/" : "_.-~";
  std::string out;
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                          safe.find(c) != std::string_view::npos;
    if (is_plain) {
      out += c;
    } else if (c == ' ' && part == UrlPart::kForm) {
      out += '+';
    } else {
      out += '%';
      out += kDigits[static_cast<unsigned char>(c) >> 4];
      out += kDigits[static_cast<unsigned char>(c) & 15];
    }
  }
  return out;
}

Value url_encode(Runtime& runtime, const Value& input, const Arguments&) {
  if (!input.is_dict() && !input.is_sequence())
    return Value::string(percent_encoded(to_text(input, runtime), UrlPart::kPath));
  std::vector<std::vector<Value>> pairs;
  if (input.is_dict()) {
    for (const auto& [key, value] : input.dict().entries()) pairs.push_back({key, value});
  } else {
    for (const Value& pair : input.items()) pairs.push_back(iterate(pair, runtime));
  }
  std::string out;
  for (const std::vector<Value>& pair : pairs) {
    if (pair.size() != 2) throw Complaint("urlencode needs pairs of a name and a value");
    if (!out.empty()) out += '&';
    out += percent_encoded(to_text(pair[0], runtime), UrlPart::kForm) + "=" +
           percent_encoded(to_text(pair[1], runtime), UrlPart::kForm);
  }
  return Value::string(std::move(out));
}

Value format_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const std::string format = to_text(input, runtime);
  if (arguments.named.empty())
    return Value::string(format_percent(format, Value::tuple(arguments.positional), runtime));
  if (!arguments.positional.empty()) throw Complaint("format takes positional or keyword arguments, not both");
  Dict values;
  for (const auto& [name, value] : arguments.named) values.set(Value::string(name), value);
  return Value::string(format_percent(format, Value::dict(std::move(values)), runtime));
}

Value to_json(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Bound bound = bind("tojson", arguments, {"ensure_ascii", "indent", "separators", "sort_keys"});
  JsonTextOptions options;
  options.ensure_ascii = bound.truth(0, false);
  options.sort_keys = bound.truth(3, false);
  if (bound.is_given(1)) {
    options.indent = bound.at(1).is_string() ? bound.text(1) : pad_text("", bound.integer(1), '<', " ");
    options.item_separator = ",";
  }
  if (bound.is_given(2)) {
    const std::vector<Value> parts = iterate(bound.at(2), runtime);
    if (parts.size() != 2 || !parts[0].is_string() || !parts[1].is_string()) {
      throw Complaint("tojson: separators must be a pair of strings");
    }
    options.item_separator = parts[0].string();
    options.key_separator = parts[1].string();
  }
  return Value::string(json_text(input, options, runtime));
}

Value to_integer(Runtime&, const Value& input, const Arguments& arguments) {
  const Bound bound = bind("int", arguments, {"default", "base"});
  Value otherwise = bound.has(0) ? bound.at(0) : Value::integer(0);
  require_defined(input);
  if (input.is_integral()) return Value::integer(input.integer());
  if (input.is_long_integer()) return input;
  std::optional<double> real;
  if (input.is_real()) real = input.real();
  if (input.is_string()) {
    const std::int64_t base = bound.integer(1, 10);
    if (base < 0 || base == 1 || base > 36) return otherwise;
    if (const auto value = parse_any_integer(input.string(), static_cast<int>(base))) return *value;
    real = parse_real(input.string());
  }
  if (!real || !std::isfinite(*real)) return otherwise;
  const double whole = std::trunc(*real);
  return whole == 0 ? Value::integer(0) : Value::integer_of_digits(fixed_text(whole, 0));
}

Value to_real(Runtime&, const Value& input, const Arguments& arguments) {
  const Bound bound = bind("float", arguments, {"default"});
  require_defined(input);
  if (input.is_number()) return Value::real(input.real());
  if (input.is_string()) {
    if (const auto value = parse_real(input.string())) return Value::real(*value);
  }
  return bound.has(0) ? bound.at(0) : Value::real(0);
}

Value absolute(Runtime&, const Value& input, const Arguments&) {
  if (input.is_real()) return Value::real(std::abs(input.real()));
  if (input.is_integral()) return input.integer() < 0 ? negate(input) : Value::integer(input.integer());
  if (input.is_long_integer()) return input.digits().starts_with('-') ? negate(input) : input;
  require_defined(input);
  throw Complaint("bad operand type for abs(): '" + std::string(input.type_name()) + "'");
}

Value round_filter(Runtime&, const Value& input, const Arguments& arguments) {
  const Bound bound = bind("round", arguments, {"precision", "method"});
  const std::int64_t precision = bound.integer(0, 0);
  const std::string method = bound.text(1, "common");
  require_defined(input);
  if (!input.is_number()) throw Complaint("type " + std::string(input.type_name()) + " cannot be rounded");
  if (std::abs(precision) > 300) throw Complaint("round(): the precision is past the limit of 300");
  const double value = input.real();
  const double scale = std::pow(10.0, static_cast<double>(precision));
  if (method == "ceil") return Value::real((std::ceil(value * scale) + 0.0) / scale);  // an int in Python: no -0.0
  if (method == "floor") return Value::real((std::floor(value * scale) + 0.0) / scale);
  if (method != "common") throw Complaint("method must be common, ceil or floor");
  if (input.is_integral() && precision >= 0) return Value::integer(input.integer());
  if (input.is_long_integer() && precision >= 0) return input;
  if (!std::isfinite(value)) return input;
  if (precision < 0) {
    const double rounded = std::nearbyint(value * scale) / scale;
    if (input.is_integral() && std::abs(rounded) < 9e18) return Value::integer(static_cast<std::int64_t>(rounded));
    return Value::real(rounded);
  }
  // Printing rounds the exact binary value half to even, as Python's round does; multiplying would round twice.
  return Value::real(parse_real(fixed_text(value, static_cast<int>(precision))).value_or(value));
}

constexpr Named<Filter> kFilters[] = {
    {"upper", mapped<upper>},
    {"lower", mapped<lower>},
    {"capitalize", mapped<capitalize>},
    {"title", mapped<title_words>},
    {"trim", trim},
    {"replace", replace},
    {"string", to_string},
    {"safe", to_string},
    {"escape", escape},
    {"e", escape},
    {"forceescape", escape},
    {"center", center},
    {"indent", indent},
    {"truncate", truncate},
    {"wordcount", word_count},
    {"striptags", striptags},
    {"urlencode", url_encode},
    {"format", format_filter},
    {"tojson", to_json},
    {"int", to_integer},
    {"float", to_real},
    {"abs", absolute},
    {"round", round_filter},
};

}  // namespace

Filter find_text_filter(std::string_view name) {
  return find_named(kFilters, name);
}

}  // namespace wedlm::jinja
