// Upper, lower and title case of texts as Python's str has them: the full mappings of Unicode ("ß" is "SS" in upper
// case), with the sigma that ends a word. Callers guarantee well-formed UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace wedlm::jinja {

/// What str.isupper, str.islower and str.istitle say of one character.
bool is_upper(char32_t c);
bool is_lower(char32_t c);
bool is_title(char32_t c);

std::string upper(std::string_view text);
std::string lower(std::string_view text);
std::string casefold(std::string_view text);
std::string capitalize(std::string_view text);
std::string swapcase(std::string_view text);
/// str.title(): a letter after something that has no case becomes title case, every other letter lower.
std::string title(std::string_view text);
/// Jinja's filter title: words begin after white space and after - ( { [ and <.
std::string title_words(std::string_view text);

/// str.isupper, str.islower and str.istitle of a whole text.
bool is_upper_text(std::string_view text);
bool is_lower_text(std::string_view text);
bool is_title_text(std::string_view text);

}  // namespace wedlm::jinja
