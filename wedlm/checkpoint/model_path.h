// From what a person calls a model to the folder that holds it: a folder, a name in the local Hugging Face cache, or
// the model that ships with the program. It reads no checkpoint and downloads nothing.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace wedlm {

/// The environment variables that say where Hugging Face's cache is; one that is unset or empty is empty here.
struct HubEnvironment {
  std::string hf_hub_cache{};           // HF_HUB_CACHE
  std::string huggingface_hub_cache{};  // HUGGINGFACE_HUB_CACHE, its older name
  std::string hf_home{};                // HF_HOME
  std::string xdg_cache_home{};         // XDG_CACHE_HOME
  std::string home{};                   // HOME

  static HubEnvironment of_process();
};

/// The cache folder: HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, HF_HOME/hub, XDG_CACHE_HOME/huggingface/hub or
/// HOME/.cache/huggingface/hub, the first whose variable is set (huggingface_hub, "Environment variables"). nullopt
/// where none is.
std::optional<std::filesystem::path> hub_cache(const HubEnvironment& environment);

/// The folder of the model called `name`: an existing folder, or "organisation/model", "organisation/model@revision"
/// with a branch, tag or commit (default main), in the cache's layout
/// models--organisation--model/{refs/<revision>, snapshots/<commit>/}. Without refs/main the only snapshot is taken.
/// Letters of either case name the same model, as on the Hub; of two folders that of the very name comes first.
/// Throws InvalidInput for a name that is neither, and ResourceError where nothing of that name is there; it says where
/// it looked and how to get the model.
std::filesystem::path resolve_model(std::string_view name,
                                    const HubEnvironment& environment = HubEnvironment::of_process());

/// The shipped model, found from the path of an executable: ../share/wedlm/models/nano of its folder (installed),
/// ../../models/nano (a build tree inside the source tree), or models/nano (an unpacked archive); nullopt where none of
/// them has a config.json.
std::optional<std::filesystem::path> shipped_model(const std::filesystem::path& executable);

/// shipped_model() of the running program. Throws ResourceError, saying where it looked, where there is none.
std::filesystem::path default_model();

}  // namespace wedlm
