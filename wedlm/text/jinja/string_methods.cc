// Methods of strings, as Python's str has them.
#include <algorithm>

#include "wedlm/text/jinja/builtins.h"
#include "wedlm/text/jinja/case_mapping.h"
#include "wedlm/text/jinja/characters.h"
#include "wedlm/text/jinja/format.h"
#include "wedlm/text/jinja/operators.h"
#include "wedlm/text/jinja/python_text.h"
#include "wedlm/text/unicode.h"

namespace wedlm::jinja {
namespace {

constexpr std::size_t kNowhere = std::string_view::npos;

Value text_value(std::string_view text) {
  return Value::string(std::string(text));
}

template <std::string (*map)(std::string_view)>
Value mapped(Runtime&, const Value& self, const Arguments& arguments) {
  bind("case method", arguments, {});
  return Value::string(map(self.string()));
}

template <Side side>
Value stripped(Runtime&, const Value& self, const Arguments& arguments) {
  const Bound bound = bind("strip", arguments, {"chars"});
  if (!bound.is_given(0)) return text_value(strip(self.string(), side));
  return text_value(strip(self.string(), side, bound.text(0)));
}

/// Whether every character, and at least one, is of a class.
template <bool (*is_of_class)(char32_t)>
Value all_are(Runtime&, const Value& self, const Arguments& arguments) {
  bind("character class method", arguments, {});
  const std::u32string characters = decode(self.string());
  return Value::boolean(!characters.empty() && std::all_of(characters.begin(), characters.end(), is_of_class));
}

bool is_alnum(char32_t c) {
  return is_alpha(c) || is_numeric(c);
}

template <bool (*is_so)(std::string_view)>
Value text_is(Runtime&, const Value& self, const Arguments& arguments) {
  bind("case test", arguments, {});
  return Value::boolean(is_so(self.string()));
}

Value is_printable_text(Runtime&, const Value& self, const Arguments& arguments) {
  bind("isprintable", arguments, {});
  const std::u32string characters = decode(self.string());
  return Value::boolean(std::all_of(characters.begin(), characters.end(), is_printable));
}

Value is_ascii_text(Runtime&, const Value& self, const Arguments& arguments) {
  bind("isascii", arguments, {});
  return Value::boolean(is_ascii(self.string()));
}

/// The part of `text` that [start, end) names, in code points, and the bytes before it.
struct Part {
  std::string_view text;
  std::int64_t start = 0;
  bool is_valid = true;  // not where start lies past the end
};

Part part_of(const std::string& text, const Bound& bound) {
  if (!bound.is_given(1) && !bound.is_given(2)) return {text, 0};
  const std::int64_t size = num_code_points(text);
  const auto place = [&](std::int64_t index) { return index < 0 ? std::max<std::int64_t>(index + size, 0) : index; };
  const std::int64_t start = bound.is_given(1) ? place(bound.integer(1)) : 0;
  const std::int64_t end = std::min(bound.is_given(2) ? place(bound.integer(2)) : size, size);
  if (start > end) return {"", start, false};
  const auto offset = [&text](std::int64_t index, std::size_t from) {
    std::size_t at = from;
    for (std::int64_t i = 0; i < index; ++i) at += sequence_length(text[at]);
    return at;
  };
  const std::size_t first = offset(start, 0);
  const std::size_t last = offset(end - start, first);
  return {std::string_view(text).substr(first, last - first), start};
}

enum class End { kStart, kEnd };

template <End where>
Value starts_or_ends(Runtime&, const Value& self, const Arguments& arguments) {
  const Bound bound = bind(where == End::kStart ? "startswith" : "endswith", arguments, {"prefix", "start", "end"});
  const Part part = part_of(self.string(), bound);
  const auto matches = [&](const std::string& affix) {
    return part.is_valid && (where == End::kStart ? part.text.starts_with(affix) : part.text.ends_with(affix));
  };
  if (!bound.at(0).is_tuple()) return Value::boolean(matches(bound.text(0)));
  bool any = false;
  for (const Value& affix : bound.at(0).items()) {
    if (!affix.is_string()) throw Complaint("a tuple for startswith or endswith must contain only str");
    any = any || matches(affix.string());
  }
  return Value::boolean(any);
}

enum class Missing { kMinusOne, kComplaint };

template <Side side, Missing missing>
Value found(Runtime&, const Value& self, const Arguments& arguments) {
  const Bound bound = bind("find", arguments, {"sub", "start", "end"});
  const std::string& needle = bound.text(0);
  const Part part = part_of(self.string(), bound);
  std::size_t at = kNowhere;
  if (part.is_valid) at = side == Side::kLeft ? find_text(part.text, needle) : part.text.rfind(needle);
  if (at != kNowhere) {
    return Value::integer(part.start + num_code_points(part.text.substr(0, at)));
  }
  if (missing == Missing::kComplaint) throw Complaint("substring not found");
  return Value::integer(-1);
}

Value count(Runtime&, const Value& self, const Arguments& arguments) {
  const Bound bound = bind("count", arguments, {"sub", "start", "end"});
  const std::string& needle = bound.text(0);
  const Part part = part_of(self.string(), bound);
  if (!part.is_valid) return Value::integer(0);
  if (needle.empty()) return Value::integer(num_code_points(part.text) + 1);
  std::int64_t number = 0;
  for (std::size_t at = find_text(part.text, needle); at != kNowhere;
       at = find_text(part.text, needle, at + needle.size())) {
    ++number;
  }
  return Value::integer(number);
}

Value replace(Runtime&, const Value& self, const Arguments& arguments) {
  const Bound bound = bind("replace", arguments, {"old", "new", "count"});
  return Value::string(replace_text(self.string(), bound.text(0), bound.text(1), bound.integer(2, -1)));
}

/// At runs of white space, at most `limit` times (-1: always).
std::vector<std::string_view> split_at_space(std::string_view text, Side side, std::int64_t limit) {
  std::vector<std::string_view> parts;
  const bool from_left = side == Side::kLeft;
  std::string_view rest = strip(text, side);
  while (!rest.empty()) {
    if (limit >= 0 && static_cast<std::int64_t>(parts.size()) == limit) {
      parts.push_back(rest);
      break;
    }
    std::size_t cut = from_left ? 0 : rest.size();  // where the word ends, seen from its side
    if (from_left) {
      while (cut < rest.size() && !strip(rest.substr(cut, sequence_length(rest[cut])), Side::kBoth).empty()) {
        cut += sequence_length(rest[cut]);
      }
      parts.push_back(rest.substr(0, cut));
      rest = strip(rest.substr(cut), side);
    } else {
      while (cut > 0) {
        std::size_t start = cut - 1;
        while (start > 0 && (static_cast<unsigned char>(rest[start]) & 0xC0) == 0x80) --start;
        if (strip(rest.substr(start, cut - start), Side::kBoth).empty()) break;
        cut = start;
      }
      parts.push_back(rest.substr(cut));
      rest = strip(rest.substr(0, cut), side);
    }
  }
  if (!from_left) std::reverse(parts.begin(), parts.end());
  return parts;
}

std::vector<std::string_view> split_at(std::string_view text, std::string_view separator, Side side,
                                       std::int64_t limit) {
  if (separator.empty()) throw Complaint("empty separator");
  std::vector<std::string_view> parts;
  std::string_view rest = text;
  while (limit < 0 || static_cast<std::int64_t>(parts.size()) < limit) {
    const std::size_t at = side == Side::kLeft ? find_text(rest, separator) : rest.rfind(separator);
    if (at == kNowhere) break;
    const std::string_view after = rest.substr(at + separator.size());
    parts.push_back(side == Side::kLeft ? rest.substr(0, at) : after);
    rest = side == Side::kLeft ? after : rest.substr(0, at);
  }
  parts.push_back(rest);
  if (side == Side::kRight) std::reverse(parts.begin(), parts.end());
  return parts;
}

Value list_of(const std::vector<std::string_view>& parts) {
  std::vector<Value> items;
  items.reserve(parts.size());
  for (const std::string_view part : parts) items.push_back(text_value(part));
  return Value::list(std::move(items));
}

template <Side side>
Value split(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const Bound bound = bind("split", arguments, {"sep", "maxsplit"});
  const std::int64_t limit = bound.integer(1, -1);
  const std::vector<std::string_view> parts = bound.is_given(0) ? split_at(self.string(), bound.text(0), side, limit)
                                                                : split_at_space(self.string(), side, limit);
  runtime.charge_steps(parts.size());
  return list_of(parts);
}

Value splitlines(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const bool keeps_ends = bind("splitlines", arguments, {"keepends"}).truth(0, false);
  const std::vector<std::string_view> lines =
      split_lines(self.string(), keeps_ends ? LineEnds::kKept : LineEnds::kDropped);
  runtime.charge_steps(lines.size());
  return list_of(lines);
}

template <Side side>
Value partition(Runtime&, const Value& self, const Arguments& arguments) {
  const std::string separator = bind("partition", arguments, {"sep"}).text(0);
  const std::vector<std::string_view> parts = split_at(self.string(), separator, side, 1);
  if (parts.size() == 2) return Value::tuple({text_value(parts[0]), Value::string(separator), text_value(parts[1])});
  const Value empty = Value::string("");
  if (side == Side::kLeft) return Value::tuple({self, empty, empty});
  return Value::tuple({empty, empty, self});
}

Value join(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const Bound bound = bind("join", arguments, {"iterable"});
  std::string text;
  bool first = true;
  for (const Value& item : iterate(bound.at(0), runtime)) {
    if (!item.is_string()) {
      throw Complaint("join(): expected str items, " + std::string(item.type_name()) + " found");
    }
    if (!first) text += self.string();
    first = false;
    text += item.string();
    Runtime::check_text_size(static_cast<double>(text.size()));
  }
  return Value::string(std::move(text));
}

template <End where>
Value remove_affix(Runtime&, const Value& self, const Arguments& arguments) {
  const std::string affix = bind("removeprefix", arguments, {"affix"}).text(0);
  std::string_view text = self.string();
  if (where == End::kStart && text.starts_with(affix)) text.remove_prefix(affix.size());
  if (where == End::kEnd && text.ends_with(affix)) text.remove_suffix(affix.size());
  return text_value(text);
}

template <char align>
Value justified(Runtime&, const Value& self, const Arguments& arguments) {
  const Bound bound = bind("justify", arguments, {"width", "fillchar"});
  const std::string fill = bound.text(1, " ");
  if (num_code_points(fill) != 1) throw Complaint("the fill character must be exactly one character long");
  return Value::string(pad_text(self.string(), bound.integer(0), align, fill));
}

Value expand_tabs(Runtime&, const Value& self, const Arguments& arguments) {
  const std::int64_t size = bind("expandtabs", arguments, {"tabsize"}).integer(0, 8);
  std::string out;
  std::int64_t column = 0;
  for (const char c : self.string()) {
    if (c != '\t') {
      out += c;
      column = c == '\n' || c == '\r' ? 0 : column + ((static_cast<unsigned char>(c) & 0xC0) == 0x80 ? 0 : 1);
    } else if (size > 0) {
      const std::int64_t width = size - column % size;
      Runtime::check_text_size(static_cast<double>(out.size()) + static_cast<double>(width));
      out.append(static_cast<std::size_t>(width), ' ');
      column += width;
    }
  }
  return Value::string(std::move(out));
}

Value zero_filled(Runtime&, const Value& self, const Arguments& arguments) {
  const std::int64_t width = bind("zfill", arguments, {"width"}).integer(0);
  const std::string& text = self.string();
  const bool has_sign = text.starts_with('-') || text.starts_with('+');
  if (!has_sign) return Value::string(pad_text(text, width, '>', "0"));
  return Value::string(text.substr(0, 1) + pad_text(text.substr(1), width - 1, '>', "0"));
}

Value format(Runtime& runtime, const Value& self, const Arguments& arguments) {
  return Value::string(format_braces(self.string(), arguments, runtime));
}

constexpr Named<Method> kMethods[] = {
    {"strip", stripped<Side::kBoth>},
    {"lstrip", stripped<Side::kLeft>},
    {"rstrip", stripped<Side::kRight>},
    {"split", split<Side::kLeft>},
    {"rsplit", split<Side::kRight>},
    {"startswith", starts_or_ends<End::kStart>},
    {"endswith", starts_or_ends<End::kEnd>},
    {"replace", replace},
    {"upper", mapped<upper>},
    {"lower", mapped<lower>},
    {"casefold", mapped<casefold>},
    {"title", mapped<title>},
    {"capitalize", mapped<capitalize>},
    {"swapcase", mapped<swapcase>},
    {"find", found<Side::kLeft, Missing::kMinusOne>},
    {"rfind", found<Side::kRight, Missing::kMinusOne>},
    {"index", found<Side::kLeft, Missing::kComplaint>},
    {"rindex", found<Side::kRight, Missing::kComplaint>},
    {"count", count},
    {"splitlines", splitlines},
    {"partition", partition<Side::kLeft>},
    {"rpartition", partition<Side::kRight>},
    {"join", join},
    {"removeprefix", remove_affix<End::kStart>},
    {"removesuffix", remove_affix<End::kEnd>},
    {"ljust", justified<'<'>},
    {"rjust", justified<'>'>},
    {"center", justified<'^'>},
    {"zfill", zero_filled},
    {"format", format},
    {"isspace", all_are<is_space>},
    {"isalpha", all_are<is_alpha>},
    {"isalnum", all_are<is_alnum>},
    {"isdecimal", all_are<is_decimal>},
    {"isdigit", all_are<is_digit>},
    {"isnumeric", all_are<is_numeric>},
    {"isupper", text_is<is_upper_text>},
    {"islower", text_is<is_lower_text>},
    {"istitle", text_is<is_title_text>},
    {"isascii", is_ascii_text},
    {"isprintable", is_printable_text},
    {"expandtabs", expand_tabs},
};

}  // namespace

bool looks_at_ends_alone(Method method) {
  return method == starts_or_ends<End::kStart> || method == starts_or_ends<End::kEnd>;
}

Method find_string_method(std::string_view name) {
  return find_named(kMethods, name);
}

}  // namespace wedlm::jinja
