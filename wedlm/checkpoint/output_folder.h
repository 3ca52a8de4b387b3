// A folder that is there whole or not at all: it is filled beside its place under another name, and moved there at the
// end. What a run that was killed left there is recognised, and the next run removes it.
#pragma once

#include <filesystem>
#include <functional>

namespace wedlm {

/// What to do where the place is taken.
enum class Existing { kRefuse, kReplace };

class OutputFolder {
 public:
  /// Makes the folder PLACE.partial, after removing what an earlier run left of it. Throws InvalidInput where another
  /// run is writing there, where PLACE.partial is none of ours, and where something stands at the place; with kReplace
  /// the latter is given up at the end, if it is a folder of which `may_replace` says yes and that holds nothing but
  /// files and folders of files. This and commit() throw ResourceError where folders cannot be made, moved or removed.
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
  int mark_ = -1;  // an open file in it, locked as long as this process lives
  bool is_committed_ = false;
};

}  // namespace wedlm
