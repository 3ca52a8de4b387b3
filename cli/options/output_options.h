// How much is said beside the answer: --quiet, --no-color.
#pragma once

#include "cli/terminal/console.h"

namespace CLI {
class App;
}  // namespace CLI

namespace wedlm::cli {

void add_output_options(CLI::App& app, OutputOptions& options);

}  // namespace wedlm::cli
