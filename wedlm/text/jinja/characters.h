// Strings of templates as Python sees them: sequences of Unicode code points, kept as well-formed UTF-8. Character
// classes follow Python's str. Callers guarantee well-formed UTF-8.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wedlm/text/jinja/case_tables.h"

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
bool is_digit(char32_t c);
bool is_numeric(char32_t c);

/// Whether a character is in one of these ranges, which are in order.
bool is_in_ranges(char32_t c, std::span<const CharacterRange> ranges);

enum class Side { kLeft, kRight, kBoth };
/// str.strip and its kin: removes white space, or else any of the characters in `characters`.
std::string_view strip(std::string_view text, Side side, std::optional<std::string_view> characters = std::nullopt);

enum class LineEnds { kDropped, kKept };
/// str.splitlines().
std::vector<std::string_view> split_lines(std::string_view text, LineEnds ends);

/// Offset in bytes of the first `needle` at or after `from`, or npos. Linear time whatever the two texts are.
std::size_t find_text(std::string_view text, std::string_view needle, std::size_t from = 0);

/// str.replace; `limit` -1 replaces all. Throws Complaint past the limit on the size of a text, as does pad_text.
std::string replace_text(std::string_view text, std::string_view old, std::string_view replacement, std::int64_t limit);
/// str.ljust, rjust and center: `align` is one of < > ^, `fill` one character, `width` in characters.
std::string pad_text(std::string_view text, std::int64_t width, char align, std::string_view fill);

}  // namespace wedlm::jinja
