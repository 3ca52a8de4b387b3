// Random texts of the kinds that tokenizers get wrong: all of Unicode, marks, scripts, space, code, and raw bytes.
#pragma once

#include <cstdint>
#include <random>
#include <string>

namespace wedlm {

/// The UTF-8 of one code point.
std::string encode_utf8(char32_t code_point);

/// Well-formed UTF-8 of up to `max_characters` characters.
std::string random_unicode_text(std::mt19937& random, int max_characters);

/// Bytes of which many, but not all, are well-formed UTF-8.
std::string random_bytes(std::mt19937& random, int max_bytes);

}  // namespace wedlm
