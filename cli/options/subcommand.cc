#include "cli/options/subcommand.h"

#include <CLI/CLI.hpp>

namespace wedlm::cli {

CLI::App* add_subcommand(CLI::App& program, const std::string& name, const std::string& description) {
  return program.add_subcommand(name, description);
}

void set_footer(CLI::App& command, const std::string& text) {
  command.footer(text);
}

}  // namespace wedlm::cli
