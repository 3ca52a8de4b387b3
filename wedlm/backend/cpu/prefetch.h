// Asking for memory before it is read.
#pragma once

#include <cstddef>
#include <cstdint>

namespace wedlm {

/// Asks for `bytes` bytes into the second-level cache.
inline void prefetch_bytes(const void* from, std::int64_t bytes) {
  constexpr std::int64_t kCacheLine = 64;
  for (std::int64_t i = 0; i < bytes; i += kCacheLine) {
    const std::byte* line = static_cast<const std::byte*>(from) + i;
    __builtin_prefetch(line, 0, 2);
    asm volatile("" : : "r"(line));  // GCC takes a function that only prefetches for one without effect, and drops it
  }
}

}  // namespace wedlm
