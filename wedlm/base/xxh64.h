// A checksum of bytes: quick, and good enough to tell what was changed by accident or cut. It keeps no secret and stops
// no attacker. Source: the xxHash specification, XXH64.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace wedlm {

/// With the seed 0.
std::uint64_t xxh64(std::span<const std::byte> bytes);

}  // namespace wedlm
