// The whole program: from the words of the command line to an exit code. It chooses the subcommand, and it is the one
// place where an error becomes a line on standard error and a number.
#pragma once

namespace wedlm::cli {

/// Takes what main() takes.
int run_program(int argc, const char* const* argv);

}  // namespace wedlm::cli
