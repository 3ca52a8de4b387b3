// HTML in texts, as MarkupSafe and Python's html read it. Callers guarantee well-formed UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace wedlm::jinja {

/// Markup.striptags(): without comments and tags, each run of white space as one blank, and unescaped.
std::string strip_tags(std::string_view text);

/// html.unescape(): numeric and named character references as their characters, also those that lack the semicolon.
std::string unescape(std::string_view text);

}  // namespace wedlm::jinja
