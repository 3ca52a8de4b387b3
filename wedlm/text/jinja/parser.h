// The grammar of templates: tokens into the tree. Follows Jinja 3.1 with the extension "loopcontrols" and Hugging
// Face's {% generation %}; templates that include, import or extend others are refused, because there are no others.
#pragma once

#include <string>
#include <string_view>

#include "wedlm/text/jinja/ast.h"

namespace wedlm::jinja {

inline constexpr std::size_t kMaxTemplateBytes = 4 << 20;
inline constexpr int kMaxNesting = 200;  // of blocks, and of expressions within one another, as CPython's parser

/// Throws InvalidInput that names `what`, the line and the construct.
Body parse(std::string_view source, std::string_view what);

}  // namespace wedlm::jinja
