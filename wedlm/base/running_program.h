// Where the running program lies, from which what ships with it is found.
#pragma once

#include <filesystem>

namespace wedlm {

/// The file of the running program, links resolved (/proc/self/exe). Throws ResourceError where it cannot be told.
std::filesystem::path running_program();

}  // namespace wedlm
