#include "wedlm/base/cache_folder.h"

#include <cstdlib>

namespace wedlm {
namespace {

/// Empty where the variable is not set, or not to a whole path.
std::filesystem::path path_of_variable(const char* name) {
  const char* value = std::getenv(name);
  const std::filesystem::path path(value != nullptr ? value : "");
  return path.is_absolute() ? path : std::filesystem::path();
}

}  // namespace

std::filesystem::path cache_folder() {
  if (const auto caches = path_of_variable("XDG_CACHE_HOME"); !caches.empty()) return caches / "wedlm";
  const auto home = path_of_variable("HOME");
  return home.empty() ? home : home / ".cache" / "wedlm";
}

}  // namespace wedlm
