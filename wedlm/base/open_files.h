// How many files and connections this process may have open.
#pragma once

#include <cstdint>

namespace wedlm {

/// Raises the limit to the most that the system allows this user (many systems begin with 1024) and returns it. Where
/// it cannot be raised it stays.
std::int64_t raise_open_file_limit();

}  // namespace wedlm
