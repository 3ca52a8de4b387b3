// The whole program: from the words of the command line to an exit code. It chooses the subcommand, and it is the one
// place where an error becomes a line on standard error and a number.
#pragma once

#include <string>
#include <vector>

namespace wedlm::cli {

inline constexpr int kExitInvalidInput = 2;
inline constexpr int kExitResourceError = 3;
inline constexpr int kExitInternalError = 70;
inline constexpr int kExitClosedPipe = 141;  // 128 + SIGPIPE, as shells have it

/// `arguments` without the program's name.
int run_program(std::vector<std::string> arguments);

}  // namespace wedlm::cli
