// Python's two ways to put values into a text: "%s of %d" % values, and "{} of {:>4}".format(values).
#pragma once

#include <string>
#include <string_view>

#include "wedlm/text/jinja/runtime.h"

namespace wedlm::jinja {

/// `values` is a tuple for several fields, a dict for named fields "%(name)s", and anything else for one field.
/// Throws Complaint where the fields and the values do not fit.
std::string format_percent(std::string_view format, const Value& values, Runtime& runtime);

/// Fields are {}, {0}, {name}, each with .attribute and [item], an optional !r or !s, and an optional :specification.
std::string format_braces(std::string_view format, const Arguments& arguments, Runtime& runtime);

}  // namespace wedlm::jinja
