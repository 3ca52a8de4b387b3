#include "tests/text/random_text.h"

#include <array>
#include <string_view>

namespace wedlm {
namespace {

int below(std::mt19937& random, int end) {
  return std::uniform_int_distribution<int>(0, end - 1)(random);
}

char32_t random_code_point(std::mt19937& random) {
  static constexpr std::array<std::pair<char32_t, char32_t>, 12> kRanges = {{{0x0, 0x7F},
                                                                             {0x20, 0x7E},
                                                                             {0x80, 0x24F},
                                                                             {0x300, 0x36F},
                                                                             {0x370, 0x5FF},
                                                                             {0x600, 0x1FFF},
                                                                             {0x2000, 0x303F},
                                                                             {0x3040, 0xD7FF},
                                                                             {0x1100, 0x11FF},
                                                                             {0xE000, 0xFFFF},
                                                                             {0x1F300, 0x1FAFF},
                                                                             {0x10000, 0x10FFFF}}};
  const auto& [first, last] = kRanges[static_cast<std::size_t>(below(random, kRanges.size()))];
  return first + static_cast<char32_t>(below(random, static_cast<int>(last - first + 1)));
}

}  // namespace

std::string encode_utf8(char32_t c) {
  const auto tail = [&](int shift) { return static_cast<char>(0x80 | ((c >> shift) & 0x3F)); };
  if (c < 0x80) return {static_cast<char>(c)};
  if (c < 0x800) return {static_cast<char>(0xC0 | c >> 6), tail(0)};
  if (c < 0x10000) return {static_cast<char>(0xE0 | c >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xF0 | c >> 18), tail(12), tail(6), tail(0)};
}

std::string random_unicode_text(std::mt19937& random, int max_characters) {
  static constexpr std::array<std::string_view, 16> kPieces = {
      " ",    "\n",      "\r\n",         "    ", "'s",         "the", " world", "123",
      "\t\t", "e\u0301", "\u1100\u1161", "한",   "<|im_end|>", "'S",  "\u0085", "\u180e"};
  std::string text;
  for (int left = below(random, max_characters + 1); left > 0; --left) {
    if (below(random, 3) == 0) {
      text += kPieces[static_cast<std::size_t>(below(random, kPieces.size()))];
    } else {
      text += encode_utf8(random_code_point(random));
    }
  }
  return text;
}

std::string random_bytes(std::mt19937& random, int max_bytes) {
  std::string bytes;
  const int size = below(random, max_bytes + 1);
  while (static_cast<int>(bytes.size()) < size) {
    if (below(random, 2) == 0) {
      bytes += encode_utf8(random_code_point(random)).substr(0, 1 + static_cast<std::size_t>(below(random, 4)));
    } else {
      bytes += static_cast<char>(below(random, 256));
    }
  }
  return bytes;
}

}  // namespace wedlm
