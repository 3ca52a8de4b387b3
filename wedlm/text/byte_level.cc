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

}  // namespace wedlm
