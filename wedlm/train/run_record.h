// What a run leaves in its output folder: checkpoints, of which the newest and the best are kept, and what was
// measured. Of several processes the first one alone has it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "wedlm/base/watcher.h"
#include "wedlm/train/metrics.h"
#include "wedlm/train/run_folder.h"

namespace wedlm::train {

class RunRecord {
 public:
  /// Goes on after the newest checkpoint of the folder, where there is one. Throws as RunFolder and Metrics;
  /// InvalidInput where there is one and `resume` is not given, or where it is of a run with other options than
  /// `identity`.
  RunRecord(const std::filesystem::path& path, bool resume, const Json& identity);

  const RunFolder& folder() const { return folder_; }
  const Metrics& metrics() const { return metrics_; }
  /// Step of the checkpoint that it goes on after.
  std::optional<std::int64_t> start() const { return start_; }

  void append(const Json& line) { metrics_.append(line); }
  /// Says in a checkpoint what it is of.
  void write_state(const std::filesystem::path& checkpoint, std::int64_t step) const;
  /// The checkpoint with the lowest held-out loss.
  std::optional<std::filesystem::path> best() const;
  /// Keeps the newest `count` and the best one, to which the link leads; a file system without links has none.
  void keep(int count, const Watcher& watcher) const;
  /// Draws what was measured.
  void draw_curves() const;

 private:
  std::optional<std::int64_t> checked_start(bool resume) const;
  std::optional<std::int64_t> best_step() const;

  std::filesystem::path path_;
  Json identity_;
  RunFolder folder_;
  std::optional<std::int64_t> start_;
  Metrics metrics_;
};

}  // namespace wedlm::train
