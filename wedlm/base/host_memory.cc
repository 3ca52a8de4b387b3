#include "wedlm/base/host_memory.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>

namespace wedlm {

MemorySize host_memory() {
  MemorySize memory{.total = static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) *
                             static_cast<std::size_t>(sysconf(_SC_PAGESIZE))};
  std::ifstream meminfo("/proc/meminfo");
  for (std::string word; meminfo >> word;) {
    std::size_t kilobytes = 0;
    if (word == "MemAvailable:" && meminfo >> kilobytes) memory.available = kilobytes * 1024;
  }
  std::size_t limit = 0, used = 0;
  // The file says "max" where there is no limit.
  if (std::ifstream("/sys/fs/cgroup/memory.max") >> limit && std::ifstream("/sys/fs/cgroup/memory.current") >> used) {
    memory.total = std::min(memory.total, limit);
    memory.available = std::min(memory.available, limit > used ? limit - used : std::size_t{1});
  }
  return memory;
}

}  // namespace wedlm
