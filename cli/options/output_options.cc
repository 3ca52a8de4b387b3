#include "cli/options/output_options.h"

#include "cli/options/option_group.h"

namespace wedlm::cli {

void add_output_options(CLI::App& app, OutputOptions& options) {
  OptionGroup group(app, "Output");
  group.flag({.names = "-q,--quiet", .text = "Nothing on standard error but errors."}, options.quiet);
  group.flag({.names = "--no-color", .text = "No colours. The environment variable NO_COLOR says the same."},
             options.no_color);
}

}  // namespace wedlm::cli
