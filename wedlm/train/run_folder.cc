#include "wedlm/train/run_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <system_error>

#include "wedlm/base/error.h"
#include "wedlm/base/number_text.h"
#include "wedlm/checkpoint/output_folder.h"

namespace wedlm::train {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "checkpoint-";
constexpr const char* kLock = ".wedlm-training";

/// Whatever stands at a checkpoint's place is one of this run's, whose folder is locked.
bool may_replace(const fs::path& /*folder*/) {
  return true;
}

}  // namespace

RunFolder::RunFolder(const fs::path& path) : path_(path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) throw ResourceError("cannot make the folder " + path.string() + ": " + error.message());
  const fs::path lock = path / kLock;
  lock_ = ::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock_ < 0) {
    throw ResourceError("cannot write in " + path.string() + ": " + std::generic_category().message(errno));
  }
  if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    ::close(lock_);
    throw InvalidInput(path.string() + ": another run is training into this folder");
  }
}

RunFolder::~RunFolder() {
  std::error_code ignored;
  fs::remove(path_ / kLock, ignored);
  ::close(lock_);
}

fs::path RunFolder::checkpoint(std::int64_t step) const {
  return path_ / (std::string(kPrefix) + std::to_string(step));
}

std::vector<std::int64_t> RunFolder::steps() const {
  std::vector<std::int64_t> steps;
  for (const auto& entry : fs::directory_iterator(path_)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(kPrefix)) continue;
    if (const auto step = parse_whole<std::int64_t>(std::string_view(name).substr(kPrefix.size()))) {
      steps.push_back(*step);
    }
  }
  std::ranges::sort(steps);
  return steps;
}

std::optional<std::int64_t> RunFolder::last_step() const {
  const auto all = steps();
  return all.empty() ? std::nullopt : std::optional(all.back());
}

void RunFolder::keep_newest(int count, std::optional<std::int64_t> best) const {
  const auto all = steps();
  for (std::ptrdiff_t i = 0; i < std::ssize(all) - count; ++i) {
    const std::int64_t step = all[static_cast<std::size_t>(i)];
    if (step != best) remove(checkpoint(step));
  }
}

void RunFolder::link_best(std::int64_t step) const {
  // Made beside its place, so that there is always one.
  const fs::path next = best_checkpoint().string() + ".partial";
  std::error_code error;
  fs::remove(next, error);
  if (!error) fs::create_directory_symlink(checkpoint(step).filename(), next, error);
  if (!error) fs::rename(next, best_checkpoint(), error);
  if (!error) return;
  std::error_code ignored;
  fs::remove(next, ignored);
  throw ResourceError("cannot link " + best_checkpoint().string() + ": " + error.message());
}

void RunFolder::remove(const fs::path& folder) {
  std::error_code error;
  fs::remove_all(folder, error);
  if (error) throw ResourceError("cannot remove " + folder.string() + ": " + error.message());
}

void RunFolder::save(const fs::path& place, const std::function<void(const fs::path&)>& fill) const {
  OutputFolder folder(place, Existing::kReplace, may_replace);
  fill(folder.path());
  folder.commit();
}

}  // namespace wedlm::train
