#include "wedlm/checkpoint/output_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>

#include "wedlm/base/error.h"

namespace wedlm {
namespace {

namespace fs = std::filesystem;

/// Stands in a folder that is being written. Whoever writes holds a lock on it, and a killed process holds none.
constexpr const char* kMark = ".wedlm-unfinished";

void throw_if(const std::error_code& error, const char* operation, const fs::path& path) {
  if (error) throw ResourceError(std::string("cannot ") + operation + " " + path.string() + ": " + error.message());
}

/// "x/" is the place "x".
fs::path without_last_slash(const fs::path& path) {
  return path.has_filename() ? path : path.parent_path();
}

/// Files, and folders of files: what a checkpoint has, and no tree of somebody's work.
bool is_flat(const fs::path& folder, int levels = 2) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    if (entry.symlink_status().type() != fs::file_type::directory) continue;
    if (levels == 1 || !is_flat(entry.path(), levels - 1)) return false;
  }
  throw_if(error, "read the folder", folder);
  return true;
}

bool is_there(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::symlink_status(path, error);
  if (status.type() == fs::file_type::not_found) return false;
  throw_if(error, "read", path);
  return true;
}

/// Removes a folder that a killed run of this class left. An empty one may be the work of its first moment.
void remove_leftover(const fs::path& folder) {
  std::error_code error;
  if (!fs::is_directory(fs::symlink_status(folder)) || !is_flat(folder) ||
      (!is_there(folder / kMark) && !fs::is_empty(folder, error))) {
    throw InvalidInput(folder.string() + " is in the way, and no unfinished work of wedlm: move it or remove it");
  }
  const int mark = ::open((folder / kMark).c_str(), O_RDWR | O_CLOEXEC);
  const bool is_locked = mark >= 0 && ::flock(mark, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  if (mark >= 0) ::close(mark);
  if (is_locked) throw InvalidInput("another run is writing " + folder.string() + "; wait for its end, or stop it");
  fs::remove_all(folder, error);
  throw_if(error, "remove", folder);
}

}  // namespace

OutputFolder::OutputFolder(const fs::path& place, Existing existing,
                           const std::function<bool(const fs::path&)>& may_replace)
    : place_(without_last_slash(place)), partial_(place_.string() + ".partial") {
  if (place_.empty()) throw InvalidInput("output folder: expected a name, got none");
  if (is_there(place_)) {
    if (existing == Existing::kRefuse) throw InvalidInput(place_.string() + " exists already; --force replaces it");
    if (!fs::is_directory(fs::symlink_status(place_)) || !is_flat(place_) || !may_replace(place_)) {
      throw InvalidInput(place_.string() + " is no checkpoint that this command wrote, so it is not replaced");
    }
  }
  if (is_there(partial_)) remove_leftover(partial_);
  std::error_code error;
  fs::create_directory(partial_, error);
  throw_if(error, "make the folder", partial_);
  mark_ = ::open((partial_ / kMark).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  const int reason = errno;
  if (mark_ < 0) fs::remove(partial_, error);
  if (mark_ < 0) throw_if(std::error_code(reason, std::generic_category()), "write", partial_ / kMark);
  ::flock(mark_, LOCK_EX | LOCK_NB);  // a file system that has no locks has no protection from a second run
}

OutputFolder::~OutputFolder() {
  std::error_code ignored;
  if (!is_committed_) fs::remove_all(partial_, ignored);
  ::close(mark_);
}

void OutputFolder::commit() {
  std::error_code error;
  // What is replaced changes places with the new folder, so that one of them is there at any moment.
  const bool is_swapped = ::renameat2(AT_FDCWD, partial_.c_str(), AT_FDCWD, place_.c_str(), RENAME_EXCHANGE) == 0;
  if (!is_swapped) {  // nothing stands there, or the file system cannot
    if (is_there(place_)) fs::remove_all(place_, error);
    throw_if(error, "remove", place_);
    fs::rename(partial_, place_, error);
    throw_if(error, "make", place_);
  }
  is_committed_ = true;
  if (is_swapped) fs::rename(place_ / kMark, partial_ / kMark, error);
  if (is_swapped) fs::remove_all(partial_, error);
  if (!is_swapped) fs::remove(place_ / kMark, error);
  throw_if(error, "remove", is_swapped ? partial_ : place_ / kMark);
}

}  // namespace wedlm
