// How much memory this machine has for the process.
#pragma once

#include <cstddef>
#include <filesystem>

namespace wedlm {

/// In bytes; 0 where it cannot be found out.
struct MemorySize {
  std::size_t total = 0;
  std::size_t available = 0;  // that can still be had
};

/// Of the host, within the limits of the process's control group, from Linux's proc and sys under `root`.
MemorySize host_memory(const std::filesystem::path& root = "/");

}  // namespace wedlm
