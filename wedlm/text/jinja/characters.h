// Strings of templates as Python sees them: sequences of Unicode code points, kept as well-formed UTF-8. Character
// classes and case mappings follow Python's str; case mappings are the simple ones (one code point to one).
// Callers guarantee well-formed UTF-8.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wedlm::jinja {

std::int64_t num_code_points(std::string_view text);
std::u32string decode(std::string_view text);
std::string encode(std::u32string_view code_points);
/// Surrogates and values past U+10FFFF become U+FFFD.
void append_code_point(std::string& text, char32_t code_point);
/// Bytes of the sequence that starts with this byte.
std::size_t sequence_length(char lead);

/// What str.isspace, str.isprintable, ... say of one character.
bool is_space(char32_t c);
bool is_printable(char32_t c);
bool is_alpha(char32_t c);
bool is_decimal(char32_t c);
bool is_numeric(char32_t c);
bool is_upper(char32_t c);
bool is_lower(char32_t c);

char32_t to_upper(char32_t c);
char32_t to_lower(char32_t c);
std::string upper(std::string_view text);
std::string lower(std::string_view text);
std::string capitalize(std::string_view text);
std::string swapcase(std::string_view text);
/// str.title(): a letter after something that has no case becomes upper, every other letter lower.
std::string title(std::string_view text);

enum class Side { kLeft, kRight, kBoth };
/// str.strip and its kin: removes white space, or else any of the characters in `characters`.
std::string_view strip(std::string_view text, Side side, std::optional<std::string_view> characters = std::nullopt);

/// Offset in bytes of the first `needle` at or after `from`, or npos. Linear time whatever the two texts are.
std::size_t find_text(std::string_view text, std::string_view needle, std::size_t from = 0);

/// str.replace; `limit` -1 replaces all. Throws Complaint past the limit on the size of a text, as does pad_text.
std::string replace_text(std::string_view text, std::string_view old, std::string_view replacement, std::int64_t limit);
/// str.ljust, rjust and center: `align` is one of < > ^, `fill` one character, `width` in characters.
std::string pad_text(std::string_view text, std::int64_t width, char align, std::string_view fill);

}  // namespace wedlm::jinja
