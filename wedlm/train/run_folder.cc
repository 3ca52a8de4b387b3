#include "wedlm/train/run_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <system_error>
#include <vector>

#include "wedlm/base/error.h"
#include "wedlm/base/number_text.h"
#include "wedlm/base/presence.h"
#include "wedlm/checkpoint/output_folder.h"
#include "wedlm/frontend/text_input.h"

namespace wedlm::train {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "checkpoint-";
constexpr const char* kLock = ".wedlm-training";
constexpr const char* kMetrics = "metrics.jsonl";

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

void RunFolder::keep_newest(int count) const {
  auto all = steps();
  while (std::ssize(all) > count) {
    std::error_code error;
    fs::remove_all(checkpoint(all.front()), error);
    if (error) throw ResourceError("cannot remove " + checkpoint(all.front()).string() + ": " + error.message());
    all.erase(all.begin());
  }
}

void RunFolder::save(const fs::path& place, const std::function<void(const fs::path&)>& fill) const {
  OutputFolder folder(place, Existing::kReplace, may_replace);
  fill(folder.path());
  folder.commit();
}

void RunFolder::rewind_metrics(std::int64_t step) const {
  const fs::path path = path_ / kMetrics;
  if (!is_present(path)) return;
  std::string kept;
  for_each_line(read_input(path.string()), [&](std::string_view line, const std::string& source) {
    try {
      if (parse_json(line, source).at("step").as_integer() <= step) kept.append(line).append("\n");
    } catch (const InvalidInput&) {  // a line that was cut when the run was killed
    }
  });
  const fs::path next = path.string() + ".partial";
  std::ofstream file(next, std::ios::binary);
  file << kept;
  if (!file.flush()) throw ResourceError("cannot write " + next.string());
  file.close();
  fs::rename(next, path);
}

void RunFolder::append_metrics(const Json& line) const {
  const fs::path path = path_ / kMetrics;
  std::ofstream file(path, std::ios::binary | std::ios::app);
  file << write_json(line) << "\n";
  if (!file.flush()) throw ResourceError("cannot write " + path.string());
}

}  // namespace wedlm::train
