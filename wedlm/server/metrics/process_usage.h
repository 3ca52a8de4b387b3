// What this process holds, as Linux tells it.
#pragma once

#include <cstdint>

namespace wedlm::server {

struct ProcessUsage {
  std::int64_t resident_bytes = 0;
  std::int64_t num_descriptors = 0;
  std::int64_t max_descriptors = 0;
  double cpu_seconds = 0;
};

/// Of what the system does not tell, 0.
ProcessUsage process_usage();

}  // namespace wedlm::server
