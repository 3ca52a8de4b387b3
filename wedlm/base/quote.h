// How a name or value out of an untrusted file stands in a message: on one line, and never longer than a reader wants.
#pragma once

#include <string>
#include <string_view>

#include "wedlm/base/json.h"

namespace wedlm {

/// `text` with its middle left out when it is longer than 200 bytes, and with what is not UTF-8 replaced by U+FFFD.
std::string shortened(std::string_view text);

/// `text` as a JSON string: quotation marks around it, control characters escaped, and shortened().
std::string quote(std::string_view text);

/// Any JSON value as text in the same way: `quote` for strings, compact JSON for the others.
std::string shown(const Json& value);

/// A whole message on one line: newlines and other control characters are written as escapes.
std::string on_one_line(std::string_view message);

}  // namespace wedlm
