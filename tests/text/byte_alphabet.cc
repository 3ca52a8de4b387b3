#include "tests/text/byte_alphabet.h"

#include <array>

#include "wedlm/base/json.h"

namespace wedlm {
namespace {

std::string utf8_of(int code_point) {
  if (code_point < 0x80) return {static_cast<char>(code_point)};
  return {static_cast<char>(0xC0 | code_point >> 6), static_cast<char>(0x80 | (code_point & 0x3F))};
}

std::array<std::string, 256> make_alphabet() {
  std::array<std::string, 256> alphabet;
  for (const auto& [first, last] : {std::pair{'!' + 0, '~' + 0}, {0xA1, 0xAC}, {0xAE, 0xFF}}) {
    for (int byte = first; byte <= last; ++byte) alphabet[static_cast<std::size_t>(byte)] = utf8_of(byte);
  }
  int next = 256;
  for (std::string& letter : alphabet) {
    if (letter.empty()) letter = utf8_of(next++);
  }
  return alphabet;
}

}  // namespace

std::string byte_level_text(std::string_view bytes) {
  static const std::array<std::string, 256> kAlphabet = make_alphabet();
  std::string text;
  for (const char c : bytes) text += kAlphabet[static_cast<unsigned char>(c)];
  return text;
}

std::string byte_vocabulary_members() {
  std::string members;
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    members += (byte > 0 ? "," : "") + write_json(byte_level_text({&c, 1})) + ":" + std::to_string(byte);
  }
  return members;
}

}  // namespace wedlm
