#include "wedlm/text/jinja/characters.h"

#include <utf8proc.h>

#include <algorithm>
#include <iterator>

#include "wedlm/text/jinja/runtime.h"
#include "wedlm/text/unicode.h"

namespace wedlm::jinja {
namespace {

constexpr std::size_t kNowhere = std::string_view::npos;

utf8proc_category_t category(char32_t c) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(c));
}

/// Calls `use` with each code point; most text is ASCII, which needs no decoding.
template <class Use>
void for_each_code_point(std::string_view text, const Use& use) {
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const CodePoint c = byte < 0x80 ? CodePoint{byte, 1} : first_code_point(text.substr(i));
    use(c.value);
    i += c.length;
  }
}

}  // namespace

std::size_t sequence_length(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  if (byte < 0xC0) return 1;
  if (byte < 0xE0) return 2;
  return byte < 0xF0 ? 3 : 4;
}

std::int64_t num_code_points(std::string_view text) {
  std::int64_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0) == 0x80 ? 0 : 1;
  return count;
}

std::u32string decode(std::string_view text) {
  std::u32string result;
  result.reserve(text.size());
  for_each_code_point(text, [&](char32_t c) { result += c; });
  return result;
}

std::string encode(std::u32string_view code_points) {
  std::string text;
  text.reserve(code_points.size());
  for (const char32_t c : code_points) append_code_point(text, c);
  return text;
}

void append_code_point(std::string& text, char32_t code_point) {
  char32_t c = code_point;
  if ((c >= 0xD800 && c <= 0xDFFF) || c > 0x10FFFF) c = 0xFFFD;
  if (c < 0x80) {
    text += static_cast<char>(c);
  } else if (c < 0x800) {
    text += static_cast<char>(0xC0 | (c >> 6));
    text += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    text += static_cast<char>(0xE0 | (c >> 12));
    text += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    text += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    text += static_cast<char>(0xF0 | (c >> 18));
    text += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
    text += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    text += static_cast<char>(0x80 | (c & 0x3F));
  }
}

bool is_space(char32_t c) {
  // Bidirectional type WS, B or S, or category Zs: Python's definition, which utf8proc's tables do not give as one.
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

bool is_printable(char32_t c) {
  if (c == ' ') return true;
  switch (category(c)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_ZS:
      return false;
    default:
      return true;
  }
}

bool is_alpha(char32_t c) {
  const utf8proc_category_t of = category(c);
  return of >= UTF8PROC_CATEGORY_LU && of <= UTF8PROC_CATEGORY_LO;
}

bool is_decimal(char32_t c) {
  return category(c) == UTF8PROC_CATEGORY_ND;
}

bool is_digit(char32_t c) {
  return is_decimal(c) || is_in_ranges(c, kOtherDigits);
}

bool is_numeric(char32_t c) {
  const utf8proc_category_t of = category(c);
  return (of >= UTF8PROC_CATEGORY_ND && of <= UTF8PROC_CATEGORY_NO) || is_in_ranges(c, kOtherNumeric);
}

bool is_in_ranges(char32_t c, std::span<const CharacterRange> ranges) {
  const auto after = std::ranges::upper_bound(ranges, c, {}, &CharacterRange::first);
  return after != ranges.begin() && c <= std::prev(after)->last;
}

std::string_view strip(std::string_view text, Side side, std::optional<std::string_view> characters) {
  const std::u32string set = characters ? decode(*characters) : std::u32string();
  const auto removable = [&](char32_t c) { return characters ? set.find(c) != std::u32string::npos : is_space(c); };
  std::string_view rest = text;
  while (side != Side::kRight && !rest.empty()) {
    const CodePoint first = first_code_point(rest);
    if (!removable(first.value)) break;
    rest.remove_prefix(first.length);
  }
  while (side != Side::kLeft && !rest.empty()) {
    const CodePoint last = last_code_point(rest);
    if (!removable(last.value)) break;
    rest.remove_suffix(last.length);
  }
  return rest;
}

std::vector<std::string_view> split_lines(std::string_view text, LineEnds ends) {
  static constexpr std::u32string_view kLineEnds = U"\n\r\v\f\x1c\x1d\x1e\u0085\u2028\u2029";
  std::vector<std::string_view> lines;
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size();) {
    const CodePoint c = first_code_point(text.substr(i));
    const std::size_t line_end = i;
    i += c.length;
    if (kLineEnds.find(c.value) == std::u32string_view::npos) continue;
    if (c.value == '\r' && text.substr(i).starts_with('\n')) ++i;
    lines.push_back(text.substr(start, (ends == LineEnds::kKept ? i : line_end) - start));
    start = i;
  }
  if (start < text.size()) lines.push_back(text.substr(start));
  return lines;
}

std::string replace_text(std::string_view text, std::string_view old, std::string_view replacement,
                         std::int64_t limit) {
  std::string out;
  std::size_t position = 0;
  for (std::int64_t i = 0; limit < 0 || i < limit; ++i) {
    std::size_t at = find_text(text, old, position);
    if (old.empty() && i > 0) at = position < text.size() ? position + sequence_length(text[position]) : kNowhere;
    if (at == kNowhere) break;
    out += text.substr(position, at - position);
    out += replacement;
    Runtime::check_text_size(static_cast<double>(out.size()));
    position = at + old.size();
  }
  out += text.substr(position);
  return out;
}

std::string pad_text(std::string_view text, std::int64_t width, char align, std::string_view fill) {
  const std::int64_t missing = width - num_code_points(text);
  if (missing <= 0) return std::string(text);
  Runtime::check_text_size(static_cast<double>(missing) * static_cast<double>(fill.size()));
  std::int64_t left = align == '>' ? missing : 0;
  if (align == '^') left = missing / 2 + (missing & width & 1);
  std::string out;
  for (std::int64_t i = 0; i < left; ++i) out += fill;
  out += text;
  for (std::int64_t i = left; i < missing; ++i) out += fill;
  return out;
}

std::size_t find_text(std::string_view text, std::string_view needle, std::size_t from) {
  constexpr std::size_t kShort = 32;
  if (needle.size() <= kShort) return text.find(needle, from);
  // Knuth, Morris and Pratt: text and needle may both be long and repetitive, and the library's search is quadratic.
  std::vector<std::size_t> border(needle.size(), 0);
  for (std::size_t i = 1, matched = 0; i < needle.size(); ++i) {
    while (matched > 0 && needle[i] != needle[matched]) matched = border[matched - 1];
    if (needle[i] == needle[matched]) ++matched;
    border[i] = matched;
  }
  for (std::size_t i = from, matched = 0; i < text.size(); ++i) {
    while (matched > 0 && text[i] != needle[matched]) matched = border[matched - 1];
    if (text[i] == needle[matched]) ++matched;
    if (matched == needle.size()) return i + 1 - matched;
  }
  return kNowhere;
}

}  // namespace wedlm::jinja
