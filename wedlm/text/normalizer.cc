#include "wedlm/text/normalizer.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <vector>

#include "wedlm/base/error.h"
#include "wedlm/text/unicode.h"

namespace wedlm {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

/// Code points with NFC_Quick_Check=Yes and combining class 0, in the blocks that most text is made of.
constexpr Range kSurelyComposed[] = {
    {0x0000, 0x02FF},    // Latin
    {0x0400, 0x0482},    // Cyrillic
    {0x2002, 0x20CF},    // punctuation and currency
    {0x2190, 0x2328},    // arrows and mathematics
    {0x3000, 0x3029},    // punctuation of Chinese and Japanese
    {0x3041, 0x3098},    // Hiragana
    {0x309B, 0x30FF},    // Katakana
    {0x4E00, 0x9FFF},    // ideographs
    {0xAC00, 0xD7A3},    // Hangul syllables
    {0xFF01, 0xFF5E},    // full-width forms
    {0x1F300, 0x1FAFF},  // pictographs
};

int combining_class(utf8proc_int32_t code_point) {
  return utf8proc_get_property(code_point)->combining_class;
}

/// Appends the full canonical decomposition of one code point.
void decompose(utf8proc_int32_t code_point, std::vector<utf8proc_int32_t>* out) {
  std::array<utf8proc_int32_t, 32> parts{};
  const utf8proc_ssize_t num_parts =
      utf8proc_decompose_char(code_point, parts.data(), parts.size(), UTF8PROC_DECOMPOSE, nullptr);
  if (num_parts < 0 || num_parts > static_cast<utf8proc_ssize_t>(parts.size())) {
    throw InternalError("canonical decomposition of one code point failed");
  }
  out->insert(out->end(), parts.begin(), parts.begin() + num_parts);
}

/// Puts each run of combining marks into canonical order. The library's own routine is an insertion sort, which a long
/// run of marks makes quadratic.
void order_marks(std::vector<utf8proc_int32_t>* code_points) {
  auto first = code_points->begin();
  while (first != code_points->end()) {
    first = std::find_if(first, code_points->end(), [](utf8proc_int32_t c) { return combining_class(c) != 0; });
    const auto last =
        std::find_if(first, code_points->end(), [](utf8proc_int32_t c) { return combining_class(c) == 0; });
    std::stable_sort(first, last,
                     [](utf8proc_int32_t a, utf8proc_int32_t b) { return combining_class(a) < combining_class(b); });
    first = last;
  }
}

}  // namespace

bool is_surely_nfc(std::string_view text) {
  if (is_ascii(text)) return true;
  while (!text.empty()) {
    if (static_cast<unsigned char>(text[0]) < 0x80) {
      text.remove_prefix(1);
      continue;
    }
    const CodePoint c = first_code_point(text);
    const bool composed = std::any_of(std::begin(kSurelyComposed), std::end(kSurelyComposed), [&](const Range& range) {
      return c.value >= range.first && c.value <= range.last;
    });
    if (c.length == 0 || !composed) return false;
    text.remove_prefix(c.length);
  }
  return true;
}

std::string to_nfc(std::string_view text) {
  if (is_surely_nfc(text)) return std::string(text);
  std::vector<utf8proc_int32_t> code_points;
  code_points.reserve(text.size());
  while (!text.empty()) {
    const CodePoint c = first_code_point(text);
    if (c.length == 0) throw InternalError("text to be normalised is not well-formed UTF-8");
    decompose(static_cast<utf8proc_int32_t>(c.value), &code_points);
    text.remove_prefix(c.length);
  }
  order_marks(&code_points);
  const utf8proc_ssize_t length =
      utf8proc_normalize_utf32(code_points.data(), static_cast<utf8proc_ssize_t>(code_points.size()),
                               static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  if (length < 0) throw InternalError("canonical composition failed");
  std::string result;
  result.reserve(code_points.size() * 2);
  for (utf8proc_ssize_t i = 0; i < length; ++i) {
    std::array<utf8proc_uint8_t, 4> bytes{};
    const utf8proc_ssize_t num_bytes = utf8proc_encode_char(code_points[static_cast<std::size_t>(i)], bytes.data());
    result.append(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(num_bytes));
  }
  return result;
}

}  // namespace wedlm
