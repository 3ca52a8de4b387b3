// Whether a file of a model is really there: a name in a folder may be a link whose target is missing, and a file may
// hold a few lines that say where its contents are.
#pragma once

#include <filesystem>
#include <string_view>

namespace wedlm {

/// Whether something of that name is there. Throws ResourceError where that cannot be told (no permission), and for a
/// link whose target is missing: Hugging Face's cache has those where a download was cut short.
bool is_present(const std::filesystem::path& path);

/// Throws InvalidInput where `text` is what Git stands in for a large file that it did not fetch (git-lfs, "the pointer
/// file"); `what` names the file.
void refuse_lfs_pointer(std::string_view text, std::string_view what);

}  // namespace wedlm
