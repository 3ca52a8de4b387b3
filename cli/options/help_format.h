// How `--help` looks: options in groups, wrapped to the width of a page, with value, default and environment variable.
#pragma once

#include <string>
#include <string_view>

namespace CLI {
class App;
}  // namespace CLI

namespace wedlm::cli {

/// Makes the program and every subcommand that is added later show their help in this way.
void use_help_format(CLI::App& app);

/// `text` in lines of at most `width` columns, each but the first indented by `indent` blanks. Newlines stay.
std::string wrap(std::string_view text, std::size_t width, std::size_t indent);

}  // namespace wedlm::cli
