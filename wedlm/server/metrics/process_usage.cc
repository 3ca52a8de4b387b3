#include "wedlm/server/metrics/process_usage.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace wedlm::server {
namespace {

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

}  // namespace

ProcessUsage process_usage() {
  ProcessUsage usage;
  std::int64_t num_pages = 0;
  std::ifstream("/proc/self/statm") >> num_pages >> num_pages;  // the second number
  usage.resident_bytes = num_pages * ::sysconf(_SC_PAGESIZE);
  std::error_code error;
  for (auto it = std::filesystem::directory_iterator("/proc/self/fd", error); !error && it != end(it);
       it.increment(error)) {
    ++usage.num_descriptors;
  }
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) usage.max_descriptors = static_cast<std::int64_t>(limit.rlim_cur);
  rusage times{};
  if (::getrusage(RUSAGE_SELF, &times) == 0)
    usage.cpu_seconds = seconds_of(times.ru_utime) + seconds_of(times.ru_stime);
  return usage;
}

}  // namespace wedlm::server
