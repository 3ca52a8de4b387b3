// Whether a text is well-formed XML.
#pragma once

#include <string>

namespace wedlm {

/// Checks elements, attributes and entities of a text without comments, and that every element is closed in turn.
/// Returns what is wrong, empty where nothing is.
std::string xml_fault(const std::string& xml);

}  // namespace wedlm
