#include "wedlm/text/byte_level.h"

#include <array>

#include "wedlm/text/unicode.h"

namespace wedlm {
namespace {

/// The bytes that look like themselves; the others follow from U+0100 in ascending order.
constexpr bool is_printable(int byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || (byte >= 0xAE && byte <= 0xFF);
}

constexpr int kAlphabetEnd = 0x144;  // 256 and the 68 bytes that are not printable

constexpr std::array<short, kAlphabetEnd> make_table() {
  std::array<short, kAlphabetEnd> byte_of{};
  for (short& byte : byte_of) byte = -1;
  int next = 0x100;
  for (int byte = 0; byte < 256; ++byte) {
    byte_of[static_cast<std::size_t>(is_printable(byte) ? byte : next++)] = static_cast<short>(byte);
  }
  return byte_of;
}

constexpr std::array<short, kAlphabetEnd> kByteOf = make_table();

/// All bytes, in order of their code points.
constexpr std::array<unsigned char, 256> make_order() {
  std::array<unsigned char, 256> order{};
  std::size_t next = 0;
  for (const short byte : kByteOf) {
    if (byte >= 0) order[next++] = static_cast<unsigned char>(byte);
  }
  return order;
}

constexpr std::array<unsigned char, 256> kOrder = make_order();

/// The code point of each byte.
constexpr std::array<char32_t, 256> make_code_points() {
  std::array<char32_t, 256> code_points{};
  for (char32_t c = 0; c < kByteOf.size(); ++c) {
    if (kByteOf[c] >= 0) code_points[static_cast<std::size_t>(kByteOf[c])] = c;
  }
  return code_points;
}

constexpr std::array<char32_t, 256> kCodePointOf = make_code_points();

}  // namespace

std::optional<std::string> bytes_of_byte_level(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  while (!text.empty()) {
    const CodePoint c = first_code_point(text);
    if (c.length == 0 || c.value >= kByteOf.size() || kByteOf[c.value] < 0) return std::nullopt;
    bytes.push_back(static_cast<char>(kByteOf[c.value]));
    text.remove_prefix(c.length);
  }
  return bytes;
}

std::string byte_level_of_bytes(std::string_view bytes) {
  constexpr char32_t kFirstOfTwoBytes = 0x80;
  std::string text;
  for (const char byte : bytes) {
    const char32_t c = kCodePointOf[static_cast<unsigned char>(byte)];
    if (c < kFirstOfTwoBytes) {
      text += static_cast<char>(c);
    } else {
      text += static_cast<char>(0xC0 | c >> 6);
      text += static_cast<char>(0x80 | (c & 0x3F));
    }
  }
  return text;
}

char byte_level_byte(std::size_t i) {
  return static_cast<char>(kOrder.at(i));
}

}  // namespace wedlm
