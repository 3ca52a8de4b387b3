// The output folder of a run: one run at a time, its checkpoints, and its metrics.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>

#include "wedlm/base/json.h"

namespace wedlm::train {

class RunFolder {
 public:
  /// Makes the folder and locks it. Throws InvalidInput where another process has it locked, ResourceError where it
  /// cannot be made.
  explicit RunFolder(const std::filesystem::path& path);
  ~RunFolder();
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;

  std::filesystem::path checkpoint(std::int64_t step) const;
  std::filesystem::path final_checkpoint() const { return path_ / "final"; }
  /// Of the newest checkpoint that is whole.
  std::optional<std::int64_t> last_step() const;
  /// Removes all checkpoints but the newest `count`.
  void keep_newest(int count) const;
  /// Writes a checkpoint by `fill`, whole or not at all.
  void save(const std::filesystem::path& place, const std::function<void(const std::filesystem::path&)>& fill) const;

  /// Drops the lines of steps after this one, which a run that was killed wrote and the next one takes again.
  void rewind_metrics(std::int64_t step) const;
  void append_metrics(const Json& line) const;

 private:
  std::vector<std::int64_t> steps() const;

  std::filesystem::path path_;
  int lock_ = -1;
};

}  // namespace wedlm::train
