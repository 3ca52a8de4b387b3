// Code points of well-formed UTF-8 and the few properties of them that the tokenizer asks for. Repairing ill-formed
// text is replace_ill_formed_utf8() of wedlm/base/json.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wedlm {

bool is_ascii(std::string_view text);

/// True where replace_ill_formed_utf8() would change nothing.
bool is_well_formed_utf8(std::string_view text);

/// One code point and the number of bytes that it takes.
struct CodePoint {
  char32_t value = 0;
  std::size_t length = 0;
};

/// The code point at the front, or at the back, of non-empty well-formed text.
CodePoint first_code_point(std::string_view text);
CodePoint last_code_point(std::string_view text);

/// The length (0 to 3) of the part at the end of `text` that more bytes could complete to a well-formed sequence.
std::size_t incomplete_utf8_suffix(std::string_view text);

/// Unicode's White_Space property.
bool is_white_space(char32_t code_point);

/// What a regular expression's `\w` matches: letters, marks, digits, connectors and joiners (UTS 18, annex C).
bool is_word_character(char32_t code_point);

}  // namespace wedlm
