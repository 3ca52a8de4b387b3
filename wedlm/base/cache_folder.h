// Where this program keeps for its user what it could find out again.
#pragma once

#include <filesystem>

namespace wedlm {

/// XDG_CACHE_HOME/wedlm, or HOME/.cache/wedlm (XDG Base Directory Specification 0.8); empty where neither variable is a
/// whole path. Whether there is such a folder is not looked at.
std::filesystem::path cache_folder();

}  // namespace wedlm
