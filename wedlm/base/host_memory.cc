#include "wedlm/base/host_memory.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>

#include "wedlm/base/control_group.h"

namespace wedlm {

MemorySize host_memory(const std::filesystem::path& root) {
  MemorySize memory{.total = static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) *
                             static_cast<std::size_t>(sysconf(_SC_PAGESIZE))};
  std::ifstream meminfo(root / "proc/meminfo");
  for (std::string word; meminfo >> word;) {
    std::size_t kilobytes = 0;
    if (word == "MemAvailable:" && meminfo >> kilobytes) memory.available = kilobytes * 1024;
  }
  const ControlGroupLimits limits = control_group_limits(root);
  if (limits.memory > 0) {
    memory.total = std::min(memory.total, limits.memory);
    memory.available =
        memory.available > 0 ? std::min(memory.available, limits.memory_available) : limits.memory_available;
  }
  return memory;
}

}  // namespace wedlm
