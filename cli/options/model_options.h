// A model that is to run: which checkpoint, in which format, on what.
#pragma once

#include "cli/options/model_folder.h"
#include "cli/options/thread_flags.h"
#include "cli/options/weight_flags.h"
#include "wedlm/engine/loaded_model.h"

namespace wedlm::cli {

struct ModelOptions : ModelFolder {
  std::optional<std::string> backend{};
  ThreadFlags threads{};
  std::optional<TokenId> mask_token_id{};
  WeightFlags weights{};
  std::optional<std::string> template_file{};
  std::optional<std::string> inflate{};

  /// Throws InvalidInput for values that no model could take, and ResourceError for a template that cannot be read.
  LoadOptions load_options() const;
};

void add_model_options(CLI::App& app, ModelOptions& options);

}  // namespace wedlm::cli
