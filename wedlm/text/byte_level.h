// The alphabet in which byte-level vocabularies are written down: each of the 256 bytes has a printable code point
// (GPT-2's table: "Ġ" is the space, "Ċ" the newline). It is only met when files are read; inside, tokens are bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace wedlm {

/// The bytes that `text` stands for; nullopt where it has a character outside the alphabet.
std::optional<std::string> bytes_of_byte_level(std::string_view text);

}  // namespace wedlm
