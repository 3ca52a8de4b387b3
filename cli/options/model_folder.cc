#include "cli/options/model_folder.h"

#include "cli/options/option_group.h"
#include "cli/terminal/console.h"
#include "wedlm/checkpoint/adapter.h"
#include "wedlm/checkpoint/model_path.h"

namespace wedlm::cli {

std::filesystem::path ModelFolder::folder() const {
  return model ? resolve_model(*model) : default_model();
}

void note_adapter(const std::filesystem::path& folder, const Console& console) {
  if (const auto note = unapplied_adapter_note(folder)) console.note(*note);
}

void add_model_option(CLI::App& app, ModelFolder& options) {
  OptionGroup group(app, "Model");
  group.path({.names = "-m,--model",
              .value = "MODEL",
              .text = "A checkpoint's folder, or organisation/name in the local Hugging Face cache.",
              .default_text = "the model that ships with wedlm",
              .environment = "WEDLM_MODEL"},
             options.model);
}

}  // namespace wedlm::cli
