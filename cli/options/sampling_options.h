// The options of sampling and decoding that several subcommands share: a loop over the table in decode/.
#pragma once

#include "wedlm/frontend/sampling_settings.h"

namespace CLI {
class App;
}  // namespace CLI

namespace wedlm::cli {

/// How long an answer is and how tokens are chosen. What is given lands in `settings`, which must outlive the parsing.
void add_sampling_options(CLI::App& app, SamplingSettings& settings);

/// The mode and what belongs to one.
void add_decoding_options(CLI::App& app, SamplingSettings& settings);

}  // namespace wedlm::cli
