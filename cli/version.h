// What `wedlm --version` says.
#pragma once

#include <string>

namespace wedlm::cli {

/// The version in a line of its own, then the parts that a build may lack or that a machine decides, a line each, with
/// no end of line after the last.
std::string version_text();

}  // namespace wedlm::cli
