// Writing JSON.
#include <charconv>
#include <cmath>
#include <cstdint>
#include <utility>

#include "wedlm/base/json.h"

namespace wedlm {
namespace {

/// Length of the well-formed UTF-8 sequence at the front of `text` (Unicode 15, table 3-7); 0 where it is ill-formed,
/// and then `*ill_formed` is the length of the maximal subpart to be replaced.
std::size_t utf8_sequence(std::string_view text, std::size_t* ill_formed) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  std::size_t length = 0;
  unsigned char low = 0x80, high = 0xBF;  // the range of the second byte
  if (lead >= 0xC2 && lead <= 0xDF) length = 2;
  if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  }
  *ill_formed = 1;
  if (length == 0) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (i >= text.size() || byte(i) < low || byte(i) > high) {
      *ill_formed = i;
      return 0;
    }
    low = 0x80;
    high = 0xBF;
  }
  return length;
}

void append_escape(std::string& out, std::uint32_t code_unit) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kHex[(code_unit >> shift) & 15];
}

/// The code point of one well-formed UTF-8 sequence.
std::uint32_t code_point(std::string_view sequence) {
  constexpr std::uint32_t kLeadBits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
  std::uint32_t result = static_cast<unsigned char>(sequence[0]) & kLeadBits[sequence.size()];
  for (const char c : sequence.substr(1)) result = (result << 6) | (static_cast<unsigned char>(c) & 0x3F);
  return result;
}

/// The letter of a two-character escape, or 0 where there is none.
char short_escape(char c) {
  switch (c) {
    case '"':
    case '\\':
      return c;
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    default:
      return 0;
  }
}

void append_double(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  char buffer[32];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  const std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
  out += text;
  if (text.find_first_of(".e") == std::string_view::npos) out += ".0";
}

void append(std::string& out, const Json& value) {
  std::string_view separator;
  if (value.is_null()) {
    out += "null";
  } else if (value.is_bool()) {
    out += value.as_bool() ? "true" : "false";
  } else if (value.is_integer()) {
    out += std::to_string(value.as_integer());
  } else if (value.is_long_integer()) {
    out += value.long_integer();
  } else if (value.is_real()) {
    append_double(out, value.real());
  } else if (value.is_string()) {
    append_json_string(out, value.as_string());
  } else if (value.is_array()) {
    out += '[';
    for (const Json& item : value.as_array()) {
      out += std::exchange(separator, ",");
      append(out, item);
    }
    out += ']';
  } else {
    out += '{';
    for (const JsonMember& member : value.as_object()) {
      out += std::exchange(separator, ",");
      append_json_string(out, member.key);
      out += ':';
      append(out, member.value);
    }
    out += '}';
  }
}

}  // namespace

std::string write_json(const Json& value) {
  std::string out;
  append(out, value);
  return out;
}

void append_json_string(std::string& out, std::string_view text, JsonCharacters characters) {
  const bool is_ascii = characters == JsonCharacters::kAscii;
  out += '"';
  while (!text.empty()) {
    std::size_t ill_formed = 0;
    const std::size_t length = utf8_sequence(text, &ill_formed);
    const std::uint32_t c = length > 0 ? code_point(text.substr(0, length)) : 0xFFFD;
    const std::string_view sequence = length > 0 ? text.substr(0, length) : std::string_view("\xEF\xBF\xBD");
    if (const char letter = length == 1 ? short_escape(text[0]) : '\0'; letter != 0) {
      out += '\\';
      out += letter;
    } else if (c >= 0x20 && (!is_ascii || c < 0x7F)) {
      out += sequence;
    } else if (c < 0x10000) {
      append_escape(out, c);
    } else {
      append_escape(out, 0xD800 + ((c - 0x10000) >> 10));
      append_escape(out, 0xDC00 + ((c - 0x10000) & 0x3FF));
    }
    text.remove_prefix(length > 0 ? length : ill_formed);
  }
  out += '"';
}

std::string replace_ill_formed_utf8(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    std::size_t ill_formed = 0;
    const std::size_t length = utf8_sequence(text, &ill_formed);
    if (length > 0) {
      result.append(text.substr(0, length));
      text.remove_prefix(length);
    } else {
      result += "\xEF\xBF\xBD";
      text.remove_prefix(ill_formed);
    }
  }
  return result;
}

}  // namespace wedlm
