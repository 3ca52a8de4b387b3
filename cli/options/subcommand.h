// A command of the program, without the parser's headers, of which every file that reads them takes seconds.
#pragma once

#include <string>

namespace CLI {
class App;
}  // namespace CLI

namespace wedlm::cli {

/// The first line of `description` is what the list of commands shows.
CLI::App* add_subcommand(CLI::App& program, const std::string& name, const std::string& description);

/// What its help ends with, examples above all.
void set_footer(CLI::App& command, const std::string& text);

}  // namespace wedlm::cli
