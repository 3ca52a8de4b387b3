// The alphabet in which byte-level vocabularies are written down: each of the 256 bytes has a printable code point
// (GPT-2's table: "Ġ" is the space, "Ċ" the newline). It is only met in files; inside, tokens are bytes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace wedlm {

/// The bytes that `text` stands for; nullopt where it has a character outside the alphabet.
std::optional<std::string> bytes_of_byte_level(std::string_view text);

/// The text that stands for `bytes`, UTF-8.
std::string byte_level_of_bytes(std::string_view bytes);

/// The byte of the alphabet's i-th character, in order of code points: '!' is the first.
char byte_level_byte(std::size_t i);

}  // namespace wedlm
