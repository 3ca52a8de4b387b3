#include "wedlm/base/control_group.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace wedlm {
namespace {

namespace fs = std::filesystem;

/// Where a version of control groups says what.
struct FileNames {
  const char* memory_limit;
  const char* memory_used;
  const char* active_files;  // in memory.stat, as is the next
  const char* inactive_files;
};
constexpr FileNames kVersion1 = {"memory.limit_in_bytes", "memory.usage_in_bytes", "total_active_file",
                                 "total_inactive_file"};
constexpr FileNames kVersion2 = {"memory.max", "memory.current", "active_file", "inactive_file"};

/// The number that a file begins with; nullopt for "max" and for a file that is not there.
std::optional<std::int64_t> read_number(const fs::path& path) {
  std::int64_t number = 0;
  return std::ifstream(path) >> number ? std::optional(number) : std::nullopt;
}

/// Pages of files among what a group uses: the system takes them back when memory is asked for.
std::int64_t file_bytes(const fs::path& group, const FileNames& names) {
  std::ifstream stat(group / "memory.stat");
  std::int64_t bytes = 0, value = 0;
  for (std::string word; stat >> word >> value;) {
    if (word == names.active_files || word == names.inactive_files) bytes += value;
  }
  return bytes;
}

/// A limit is set, or the least of two.
template <class T>
void restrict(T& limit, T to) {
  limit = limit == 0 ? to : std::min(limit, to);
}

void add_memory(const fs::path& group, const FileNames& names, ControlGroupLimits& limits) {
  const std::optional<std::int64_t> limit = read_number(group / names.memory_limit);
  if (!limit || *limit <= 0) return;
  const std::int64_t used = read_number(group / names.memory_used).value_or(0) - file_bytes(group, names);
  restrict(limits.memory, static_cast<std::size_t>(*limit));
  restrict(limits.memory_available,
           static_cast<std::size_t>(std::max<std::int64_t>(1, *limit - std::max<std::int64_t>(0, used))));
}

/// Microseconds of processors in each period of so many. None, or -1: no limit.
void add_processors(std::optional<std::int64_t> quota, std::optional<std::int64_t> period, ControlGroupLimits& limits) {
  if (!quota || !period || *quota <= 0 || *period <= 0) return;
  const std::int64_t count = *quota / *period + (*quota % *period != 0 ? 1 : 0);
  restrict(limits.num_processors, static_cast<int>(std::min<std::int64_t>(count, std::numeric_limits<int>::max())));
}

void add_version_1(const fs::path& group, ControlGroupLimits& limits) {
  add_memory(group, kVersion1, limits);
  add_processors(read_number(group / "cpu.cfs_quota_us"), read_number(group / "cpu.cfs_period_us"), limits);
}

void add_version_2(const fs::path& group, ControlGroupLimits& limits) {
  add_memory(group, kVersion2, limits);
  std::ifstream max(group / "cpu.max");
  std::int64_t quota = 0, period = 0;
  if (max >> quota >> period) add_processors(quota, period, limits);
}

/// The group and its parents up to `top`. In a container the group may be named as the host knows it: what is mounted
/// at the top is the container's own then.
template <class Add>
void for_each_level(const fs::path& top, std::string_view group, ControlGroupLimits& limits, const Add& add) {
  fs::path relative = fs::path(group).lexically_normal().relative_path();
  for (; !relative.empty(); relative = relative.parent_path()) add(top / relative, limits);
  add(top, limits);
}

}  // namespace

ControlGroupLimits control_group_limits(const fs::path& root) {
  ControlGroupLimits limits;
  const fs::path mount = root / "sys/fs/cgroup";
  std::ifstream groups(root / "proc/self/cgroup");
  // NUMBER:CONTROLLERS:GROUP, and no controllers in version 2, which may stand beside version 1.
  for (std::string line; std::getline(groups, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string_view group = std::string_view(line).substr(second + 1);
    if (controllers.empty()) {
      for_each_level(mount, group, limits, add_version_2);
    } else if (controllers.find('=') == std::string::npos) {  // not a hierarchy without controllers, name=systemd
      for_each_level(mount / controllers, group, limits, add_version_1);
    }
  }
  return limits;
}

}  // namespace wedlm
