#include "wedlm/base/presence.h"

#include <string>
#include <system_error>

#include "wedlm/base/error.h"

namespace wedlm {

namespace fs = std::filesystem;

bool is_present(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) {
    std::error_code ignored;
    if (!fs::is_symlink(path, ignored)) return false;
    throw ResourceError("cannot read " + path.string() + ": it is a link to " +
                        fs::read_symlink(path, ignored).string() +
                        ", which is missing; in Hugging Face's cache that is a download that was cut short: get the "
                        "model again with 'hf download'");
  }
  if (error) throw ResourceError("cannot read " + path.string() + ": " + error.message());
  return true;
}

void refuse_lfs_pointer(std::string_view text, std::string_view what) {
  if (!text.starts_with("version https://git-lfs.github.com/spec/")) return;
  throw InvalidInput(std::string(what) +
                     ": it is a pointer of git-lfs, and not the file itself; fetch that with 'git lfs pull'");
}

}  // namespace wedlm
