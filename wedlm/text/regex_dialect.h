// Tokenizer files carry regular expressions in Oniguruma's dialect (Ruby syntax, Unicode), and we match with PCRE2.
// Where both write the same but mean different things, the expression is rewritten; what has no equal is refused.
#pragma once

#include <string>
#include <string_view>

namespace wedlm {

/// `expression` as PCRE2 (UTF, UCP, multi-line) has to be given it. Throws InvalidInput naming the construct that is
/// not supported: named groups, back references, nested character classes and intersections, and rarer escapes.
std::string pcre2_of_oniguruma(std::string_view expression);

}  // namespace wedlm
