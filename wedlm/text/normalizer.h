// Unicode normalisation form C (UAX 15), the only normalisation that byte-level tokenizers of the Qwen family ask for.
#pragma once

#include <string>
#include <string_view>

namespace wedlm {

/// True where a look at each code point is enough to know that `text` is in form C already. Never true wrongly; false
/// says nothing. ASCII costs an eighth of an instruction a byte.
bool is_surely_nfc(std::string_view text);

/// Form C of well-formed UTF-8, in time n log n whatever the text.
std::string to_nfc(std::string_view text);

}  // namespace wedlm
