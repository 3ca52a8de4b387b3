#include "wedlm/checkpoint/model_path.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <system_error>
#include <vector>

#include "wedlm/base/error.h"
#include "wedlm/base/mapped_file.h"
#include "wedlm/base/quote.h"
#include "wedlm/base/running_program.h"
#include "wedlm/checkpoint/other_contents.h"

namespace wedlm {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxNameBytes = 96;  // of an organisation or a model, the Hub's own limit
constexpr std::size_t kMaxRevisionBytes = 255;

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_name(std::string_view text) {
  const auto is_plain = [](char c) { return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.'; };
  if (text.empty() || text.size() > kMaxNameBytes || !std::all_of(text.begin(), text.end(), is_plain)) return false;
  // "--" stands for the slash in the cache's folder names, and a dot at an end would name other folders.
  return is_letter_or_digit(text.front()) && text.back() != '.' && text.back() != '-' &&
         text.find("..") == std::string_view::npos && text.find("--") == std::string_view::npos;
}

/// A branch or tag may have slashes ("refs/pr/3"); every part between them is a plain name.
bool is_revision(std::string_view text) {
  if (text.empty() || text.size() > kMaxRevisionBytes) return false;
  while (!text.empty()) {
    const std::size_t slash = text.find('/');
    if (!is_name(text.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    text.remove_prefix(slash + 1);
  }
  return false;
}

struct HubName {
  std::string organisation{};
  std::string model{};
  std::string revision{};

  std::string repository() const { return organisation + "/" + model; }
};

std::optional<HubName> parse_hub_name(std::string_view name) {
  const std::size_t slash = name.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string_view organisation = name.substr(0, slash);
  std::string_view model = name.substr(slash + 1);
  std::string_view revision = "main";
  if (const std::size_t at = model.find('@'); at != std::string_view::npos) {
    revision = model.substr(at + 1);
    model = model.substr(0, at);
  }
  if (!is_name(organisation) || !is_name(model) || !is_revision(revision)) return std::nullopt;
  return HubName{std::string(organisation), std::string(model), std::string(revision)};
}

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

/// The commit that a file under refs/ names, or nullopt where there is no such file.
std::optional<std::string> read_reference(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) return std::nullopt;
  const MappedFile file(path);
  std::string_view commit = file.text();
  while (!commit.empty() && (commit.back() == '\n' || commit.back() == '\r')) commit.remove_suffix(1);
  if (!is_name(commit)) throw InvalidInput(path.string() + ": expected the name of a commit, got " + quote(commit));
  return std::string(commit);
}

std::vector<fs::path> folders_in(const fs::path& parent) {
  std::vector<fs::path> folders;
  std::error_code error;
  fs::directory_iterator entry(parent, error);
  while (!error && entry != fs::directory_iterator()) {
    if (is_folder(entry->path())) folders.push_back(entry->path());
    entry.increment(error);
  }
  return folders;
}

/// The snapshot of `name` below its folder in the cache; nullopt where it is not there.
std::optional<fs::path> find_snapshot(const fs::path& folder, const HubName& name) {
  const fs::path snapshots = folder / "snapshots";
  if (const auto commit = read_reference(folder / "refs" / name.revision)) {
    if (is_folder(snapshots / *commit)) return snapshots / *commit;
    return std::nullopt;
  }
  if (is_folder(snapshots / name.revision)) return snapshots / name.revision;
  if (name.revision != "main") return std::nullopt;
  const std::vector<fs::path> all = folders_in(snapshots);
  if (all.size() > 1) {
    throw InvalidInput("model " + quote(name.repository()) + ": " + folder.string() + " has no refs/main and " +
                       std::to_string(all.size()) + " snapshots; choose one with " + name.repository() + "@<commit>");
  }
  return all.empty() ? std::nullopt : std::optional(all.front());
}

std::string in_lower_case(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  return text;
}

/// The folders that may hold the model: the one of the very name, then those of the same name in other letters, sorted.
/// The hub takes a name in any case, and the cache keeps it as it was asked for.
std::vector<fs::path> folders_of(const fs::path& cache, const HubName& name) {
  const std::string wanted = "models--" + name.organisation + "--" + name.model;
  std::vector<fs::path> folders;
  for (const fs::path& folder : folders_in(cache)) {
    const std::string found = folder.filename().string();
    if (found != wanted && in_lower_case(found) == in_lower_case(wanted)) folders.push_back(folder);
  }
  std::ranges::sort(folders);
  folders.insert(folders.begin(), cache / wanted);
  return folders;
}

fs::path resolve_hub_name(const HubName& name, const HubEnvironment& environment) {
  const std::string revision = name.revision == "main" ? "" : " --revision " + name.revision;
  const std::string advice = "; get it with 'hf download " + name.repository() + revision +
                             "' (or 'huggingface-cli download " + name.repository() + revision +
                             "'), or pass a folder with -m";
  const std::optional<fs::path> cache = hub_cache(environment);
  if (!cache) {
    throw ResourceError("model " + quote(name.repository()) +
                        ": there is no Hugging Face cache to look in, because neither HF_HOME nor HOME is set" +
                        advice);
  }
  const std::vector<fs::path> folders = folders_of(*cache, name);
  for (const fs::path& folder : folders) {
    if (const auto snapshot = find_snapshot(folder, name)) return *snapshot;
  }
  throw ResourceError("model " + quote(name.repository()) + ", revision " + quote(name.revision) +
                      ": no such folder, and not found in " + folders.front().string() + advice);
}

std::array<fs::path, 3> places_of_shipped_model(const fs::path& executable) {
  const fs::path folder = executable.parent_path();
  return {(folder / "../share/wedlm/models/nano").lexically_normal(), (folder / "../../models/nano").lexically_normal(),
          folder / "models/nano"};
}

}  // namespace

HubEnvironment HubEnvironment::of_process() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value != nullptr ? value : "");
  };
  return {.hf_hub_cache = variable("HF_HUB_CACHE"),
          .huggingface_hub_cache = variable("HUGGINGFACE_HUB_CACHE"),
          .hf_home = variable("HF_HOME"),
          .xdg_cache_home = variable("XDG_CACHE_HOME"),
          .home = variable("HOME")};
}

std::optional<fs::path> hub_cache(const HubEnvironment& environment) {
  const auto expand_home = [&](const std::string& path) {
    const bool from_home = path == "~" || path.starts_with("~/");
    return from_home ? fs::path(environment.home + path.substr(1)) : fs::path(path);
  };
  if (!environment.hf_hub_cache.empty()) return expand_home(environment.hf_hub_cache);
  if (!environment.huggingface_hub_cache.empty()) return expand_home(environment.huggingface_hub_cache);
  if (!environment.hf_home.empty()) return expand_home(environment.hf_home) / "hub";
  if (!environment.xdg_cache_home.empty()) return expand_home(environment.xdg_cache_home) / "huggingface" / "hub";
  if (!environment.home.empty()) return fs::path(environment.home) / ".cache" / "huggingface" / "hub";
  return std::nullopt;
}

fs::path resolve_model(std::string_view name, const HubEnvironment& environment) {
  if (name.empty()) throw InvalidInput("the model's name is empty: expected a folder or organisation/model");
  if (name.find('\0') != std::string_view::npos) throw InvalidInput("model " + quote(name) + ": not a path or a name");
  fs::path path{std::string(name)};
  if (is_folder(path)) return path;
  std::error_code ignored;
  if (fs::exists(path, ignored)) {
    throw InvalidInput("model " + quote(name) + ": it is a file; expected the folder that holds config.json" +
                       explain_file(path));
  }
  if (const auto hub_name = parse_hub_name(name)) return resolve_hub_name(*hub_name, environment);
  // A path that was written as one is a folder that is missing; anything else is a name that cannot be.
  if (name.front() == '/' || name.front() == '.' || name.front() == '~') {
    throw ResourceError("model " + quote(name) + ": no such folder");
  }
  throw InvalidInput("model " + quote(name) + ": neither an existing folder nor a name like organisation/model");
}

std::optional<fs::path> shipped_model(const fs::path& executable) {
  for (const fs::path& place : places_of_shipped_model(executable)) {
    std::error_code ignored;
    if (fs::is_regular_file(place / "config.json", ignored)) return place;
  }
  return std::nullopt;
}

fs::path default_model() {
  const fs::path program = running_program();
  if (const auto model = shipped_model(program)) return *model;
  std::string places;
  for (const fs::path& place : places_of_shipped_model(program)) {
    places += (places.empty() ? "" : ", ") + place.string();
  }
  throw ResourceError("the model that ships with wedlm was not found (" + places + "); name one with -m");
}

}  // namespace wedlm
