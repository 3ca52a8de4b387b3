#include "wedlm/base/xxh64.h"

#include <array>
#include <bit>
#include <cstring>

namespace wedlm {
namespace {

static_assert(std::endian::native == std::endian::little, "the checksum reads little-endian words as they lie");

constexpr std::uint64_t kPrime1 = 0x9E3779B185EBCA87, kPrime2 = 0xC2B2AE3D27D4EB4F, kPrime3 = 0x165667B19E3779F9,
                        kPrime4 = 0x85EBCA77C2B2AE63, kPrime5 = 0x27D4EB2F165667C5;

template <class Word>
Word take(std::span<const std::byte>& bytes) {
  Word word;
  std::memcpy(&word, bytes.data(), sizeof(word));
  bytes = bytes.subspan(sizeof(word));
  return word;
}

std::uint64_t mixed(std::uint64_t sum, std::uint64_t word) {
  return std::rotl(sum + word * kPrime2, 31) * kPrime1;
}

/// Takes all whole stripes of 32 bytes off the front.
std::uint64_t sum_of_stripes(std::span<const std::byte>& bytes) {
  std::array<std::uint64_t, 4> sums = {kPrime1 + kPrime2, kPrime2, 0, 0 - kPrime1};
  while (bytes.size() >= 32) {
    for (std::uint64_t& sum : sums) sum = mixed(sum, take<std::uint64_t>(bytes));
  }
  std::uint64_t all = std::rotl(sums[0], 1) + std::rotl(sums[1], 7) + std::rotl(sums[2], 12) + std::rotl(sums[3], 18);
  for (const std::uint64_t sum : sums) all = (all ^ mixed(0, sum)) * kPrime1 + kPrime4;
  return all;
}

}  // namespace

std::uint64_t xxh64(std::span<const std::byte> bytes) {
  const std::uint64_t size = bytes.size();
  std::uint64_t hash = (size >= 32 ? sum_of_stripes(bytes) : kPrime5) + size;
  while (bytes.size() >= 8) hash = std::rotl(hash ^ mixed(0, take<std::uint64_t>(bytes)), 27) * kPrime1 + kPrime4;
  if (bytes.size() >= 4) hash = std::rotl(hash ^ take<std::uint32_t>(bytes) * kPrime1, 23) * kPrime2 + kPrime3;
  for (const std::byte byte : bytes) hash = std::rotl(hash ^ static_cast<std::uint64_t>(byte) * kPrime5, 11) * kPrime1;
  hash = (hash ^ hash >> 33) * kPrime2;
  hash = (hash ^ hash >> 29) * kPrime3;
  return hash ^ hash >> 32;
}

}  // namespace wedlm
