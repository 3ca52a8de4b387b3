// The whole program: from the words of the command line to an exit code. It chooses the subcommand, and it is the one
// place where an error becomes a line on standard error and a number.
#pragma once

#include "cli/commands/trainer.h"

namespace wedlm::cli {

/// Takes what main() takes, and what trains in a program that has it.
int run_program(int argc, char** argv, TrainFunction* train = nullptr);

}  // namespace wedlm::cli
