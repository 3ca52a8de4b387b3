// The output folder of a run: one run at a time, and its checkpoints.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

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
  /// A link to the checkpoint of the lowest held-out loss.
  std::filesystem::path best_checkpoint() const { return path_ / "best"; }
  /// For one that is only looked at and goes again.
  std::filesystem::path passing_checkpoint() const { return path_ / "passing"; }
  /// Of the checkpoints that are whole, rising.
  std::vector<std::int64_t> steps() const;
  /// Of the newest checkpoint that is whole.
  std::optional<std::int64_t> last_step() const;
  /// Removes all checkpoints but the newest `count` and that of the step `best`.
  void keep_newest(int count, std::optional<std::int64_t> best) const;
  /// Lets best_checkpoint() lead to the checkpoint of that step.
  void link_best(std::int64_t step) const;
  /// Writes a checkpoint by `fill`, whole or not at all.
  void save(const std::filesystem::path& place, const std::function<void(const std::filesystem::path&)>& fill) const;
  /// Throws ResourceError naming the folder.
  static void remove(const std::filesystem::path& folder);

 private:
  std::filesystem::path path_;
  int lock_ = -1;
};

}  // namespace wedlm::train
