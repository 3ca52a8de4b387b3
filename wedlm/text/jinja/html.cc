#include "wedlm/text/jinja/html.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <unordered_map>

#include "wedlm/text/jinja/characters.h"
#include "wedlm/text/jinja/html_entities.h"

namespace wedlm::jinja {
namespace {

constexpr std::size_t kNowhere = std::string_view::npos;
constexpr std::size_t kLongestName = 32;  // characters that are tried as a name

// What browsers take the code points from 0x80 for (Windows-1252).
constexpr std::array<char32_t, 32> kFrom0x80 = {0x20AC, 0x81,   0x201A, 0x192,  0x201E, 0x2026, 0x2020, 0x2021,
                                                0x2C6,  0x2030, 0x160,  0x2039, 0x152,  0x8D,   0x17D,  0x8F,
                                                0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                                0x2DC,  0x2122, 0x161,  0x203A, 0x153,  0x9D,   0x17E,  0x178};

using Entities = std::unordered_map<std::string_view, std::string>;

Entities parse_entities() {
  Entities entities;
  for (std::string_view rest = kHtmlEntities; !rest.empty();) {
    const std::size_t equals = rest.find('=');
    const std::size_t blank = rest.find(' ');
    std::string& text = entities[rest.substr(0, equals)];
    for (const char* at = rest.data() + equals; at != rest.data() + blank;) {
      std::uint32_t code_point = 0;
      at = std::from_chars(at + 1, rest.data() + blank, code_point, 16).ptr;
      append_code_point(text, code_point);
    }
    rest.remove_prefix(blank + 1);
  }
  return entities;
}

const std::string* find_entity(std::string_view name) {
  static const Entities entities = parse_entities();
  const auto found = entities.find(name);
  return found == entities.end() ? nullptr : &found->second;
}

bool is_dropped(char32_t c) {
  return (c >= 1 && c <= 8) || c == 0xB || (c >= 0xE && c <= 0x1F) || c == 0x7F || (c >= 0xFDD0 && c <= 0xFDEF) ||
         (c & 0xFFFE) == 0xFFFE;
}

/// Reads "#65;" or "#x41;" behind an ampersand and appends the character. Returns its bytes; 0 where it is none.
std::size_t append_numeric(std::string& out, std::string_view text) {
  const bool is_hex = text.size() > 1 && (text[1] == 'x' || text[1] == 'X');
  const std::size_t first = is_hex ? 2 : 1;
  const std::string_view digits = is_hex ? "0123456789abcdefABCDEF" : "0123456789";
  const std::size_t end = std::min(text.find_first_not_of(digits, first), text.size());
  if (end <= first) return 0;
  std::uint32_t value = 0;
  const bool fits = std::from_chars(text.data() + first, text.data() + end, value, is_hex ? 16 : 10).ec == std::errc();
  if (!fits || value == 0) {
    append_code_point(out, 0xFFFD);
  } else if (value >= 0x80 && value < 0x80 + kFrom0x80.size()) {
    append_code_point(out, kFrom0x80.at(value - 0x80));
  } else if (value > 0x10FFFF || !is_dropped(value)) {
    append_code_point(out, value);
  }
  return end < text.size() && text[end] == ';' ? end + 1 : end;
}

/// Reads "amp;" behind an ampersand, or the longest name that the text begins with, and appends what it stands for.
/// Returns its bytes; 0 where there is none.
std::size_t append_named(std::string& out, std::string_view text) {
  std::size_t end = 0;
  for (std::size_t i = 0; i < kLongestName && end < text.size(); ++i) {
    if (std::string_view("\t\n\f <&#;").find(text[end]) != kNowhere) break;
    end += sequence_length(text[end]);
  }
  if (end == 0) return 0;
  if (end < text.size() && text[end] == ';') ++end;
  for (; end > 1; --end) {
    const std::string* entity = find_entity(text.substr(0, end));
    if (entity == nullptr) continue;
    out += *entity;
    return end;
  }
  return 0;
}

/// " ".join(text.split())
std::string with_single_blanks(std::string_view text) {
  std::string out;
  bool after_space = false;
  for (const char32_t c : decode(strip(text, Side::kBoth))) {
    if (!is_space(c)) {
      append_code_point(out, c);
    } else if (!after_space) {
      out += ' ';
    }
    after_space = is_space(c);
  }
  return out;
}

}  // namespace

std::string unescape(std::string_view text) {
  std::string out;
  std::size_t position = 0;
  for (std::size_t at = text.find('&'); at != kNowhere; at = text.find('&', position)) {
    out += text.substr(position, at - position);
    const std::string_view rest = text.substr(at + 1);
    const std::size_t size = rest.starts_with('#') ? append_numeric(out, rest) : append_named(out, rest);
    if (size == 0) out += '&';
    position = at + 1 + size;
  }
  out += text.substr(position);
  return out;
}

std::string strip_tags(std::string_view text) {
  constexpr std::string_view kComment = "<!--";
  constexpr std::string_view kCommentEnd = "-->";
  std::string kept;
  std::size_t position = 0;
  for (std::size_t start = text.find('<'); start != kNowhere; start = text.find('<', position)) {
    const bool is_comment = text.substr(start).starts_with(kComment);
    const std::size_t end = is_comment ? text.find(kCommentEnd, start + kComment.size()) : text.find('>', start);
    if (end == kNowhere) break;
    kept += text.substr(position, start - position);
    position = end + (is_comment ? kCommentEnd.size() : 1);
  }
  kept += text.substr(position);
  return unescape(with_single_blanks(kept));
}

}  // namespace wedlm::jinja
