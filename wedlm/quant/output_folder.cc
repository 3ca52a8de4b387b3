#include "wedlm/quant/output_folder.h"

#include <string>
#include <system_error>

#include "wedlm/base/error.h"

namespace wedlm {
namespace {

namespace fs = std::filesystem;

void throw_if(const std::error_code& error, const char* operation, const fs::path& path) {
  if (error) throw ResourceError(std::string("cannot ") + operation + " " + path.string() + ": " + error.message());
}

/// "x/" is the place "x".
fs::path without_last_slash(const fs::path& path) {
  return path.has_filename() ? path : path.parent_path();
}

bool holds_only_files(const fs::path& folder) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    if (entry.symlink_status().type() == fs::file_type::directory) return false;
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

}  // namespace

OutputFolder::OutputFolder(const fs::path& place, Existing existing,
                           const std::function<bool(const fs::path&)>& may_replace)
    : place_(without_last_slash(place)), partial_(place_.string() + ".partial") {
  if (place_.empty()) throw InvalidInput("output folder: expected a name, got none");
  if (is_there(place_)) {
    if (existing == Existing::kRefuse) throw InvalidInput(place_.string() + " exists already; --force replaces it");
    if (!fs::is_directory(fs::symlink_status(place_)) || !holds_only_files(place_) || !may_replace(place_)) {
      throw InvalidInput(place_.string() + " is no checkpoint that wedlm quantized, so it is not replaced");
    }
  }
  std::error_code error;
  if (is_there(partial_)) {
    if (existing == Existing::kRefuse) {
      throw InvalidInput(partial_.string() + " is left of an earlier run, or another is at work; --force removes it");
    }
    if (!fs::is_directory(fs::symlink_status(partial_)) || !holds_only_files(partial_)) {
      throw InvalidInput(partial_.string() + " is in the way, and is no folder of files");
    }
    fs::remove_all(partial_, error);
    throw_if(error, "remove", partial_);
  }
  fs::create_directory(partial_, error);
  throw_if(error, "make the folder", partial_);
}

OutputFolder::~OutputFolder() {
  if (is_committed_) return;
  std::error_code ignored;
  fs::remove_all(partial_, ignored);
}

void OutputFolder::commit() {
  std::error_code error;
  if (is_there(place_)) fs::remove_all(place_, error);
  throw_if(error, "remove", place_);
  fs::rename(partial_, place_, error);
  throw_if(error, "make", place_);
  is_committed_ = true;
}

}  // namespace wedlm
