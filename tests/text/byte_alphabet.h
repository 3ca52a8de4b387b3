// The byte-level alphabet, written down once more for the tests: GPT-2's bytes_to_unicode().
#pragma once

#include <string>
#include <string_view>

namespace wedlm {

/// `bytes` in the alphabet: " a" is "Ġa".
std::string byte_level_text(std::string_view bytes);

/// The 256 one-byte tokens as members of a vocabulary: "\"!\":33,...", each with its byte as the id.
std::string byte_vocabulary_members();

}  // namespace wedlm
