// Options from a file and from the environment, for a command that a service starts: what the command line does not
// say, the environment does, and what neither says, the file.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace wedlm::cli {

/// Adds --config FILE, and gives every option that the subcommand has by now a variable: WEDLM_MAX_QUEUE for
/// --max-queue. To be called after all options were added.
void add_config_option(CLI::App& app);

/// The words of a command line with those of its --config file (or of WEDLM_CONFIG's) after the subcommand, where that
/// has the option. A file has lines of the form `max-queue = 64`, for a switch `always-usage = true`; # begins a
/// comment, and values in double quotes are JSON strings. Throws InvalidInput that names file and line, and
/// ResourceError for a file that cannot be read.
std::vector<std::string> with_config(const CLI::App& program, std::vector<std::string> arguments);

}  // namespace wedlm::cli
