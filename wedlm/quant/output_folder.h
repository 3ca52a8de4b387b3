// A folder that is there whole or not at all: it is filled beside its place under another name, and moved there at the
// end.
#pragma once

#include <filesystem>
#include <functional>

namespace wedlm {

/// What to do where the place is taken.
enum class Existing { kRefuse, kReplace };

class OutputFolder {
 public:
  /// Makes the folder PLACE.partial. What stands at the place or was left of an earlier run is refused with
  /// InvalidInput, or, with kReplace, given up if it is a folder of which `may_replace` says yes and that holds nothing
  /// but files. This and commit() throw ResourceError where folders cannot be made, moved or removed.
  OutputFolder(const std::filesystem::path& place, Existing existing,
               const std::function<bool(const std::filesystem::path&)>& may_replace);
  /// Removes what was not committed.
  ~OutputFolder();
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;

  /// Where to write.
  const std::filesystem::path& path() const { return partial_; }
  /// Moves the folder to its place.
  void commit();

 private:
  std::filesystem::path place_;
  std::filesystem::path partial_;
  bool is_committed_ = false;
};

}  // namespace wedlm
