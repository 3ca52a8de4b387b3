// What the process's control group (cgroups, version 1 or 2) allows it: limits that a container or a service manager
// sets. A parent's limit holds for all below it, so the least of them counts.
#pragma once

#include <cstddef>
#include <filesystem>

namespace wedlm {

/// 0 where there is no limit.
struct ControlGroupLimits {
  std::size_t memory = 0;            // bytes
  std::size_t memory_available = 0;  // bytes of it that can still be had, at least 1; pages of files can be given back
  int num_processors = 0;            // that may compute all the time, a share of one counted as one
};

/// Reads proc/self/cgroup and sys/fs/cgroup under `root`. What is not there, or cannot be understood, is no limit.
ControlGroupLimits control_group_limits(const std::filesystem::path& root = "/");

}  // namespace wedlm
