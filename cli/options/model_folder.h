// Which checkpoint: for commands that only read files of it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace CLI {
class App;
}  // namespace CLI

namespace wedlm::cli {

class Console;

struct ModelFolder {
  std::optional<std::string> model{};  // a folder or a name in the Hugging Face cache

  /// The folder: `model`, else the shipped one. Throws as resolve_model() and default_model().
  std::filesystem::path folder() const;
};

/// Says on standard error that the folder's adapter is not applied, where there is one.
void note_adapter(const std::filesystem::path& folder, const Console& console);

void add_model_option(CLI::App& app, ModelFolder& options);

}  // namespace wedlm::cli
