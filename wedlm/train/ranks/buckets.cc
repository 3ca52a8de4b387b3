#include "wedlm/train/ranks/buckets.h"

#include <algorithm>

namespace wedlm::train {
namespace {

std::int64_t part_size(std::int64_t num_elements, int num_ranks) {
  return (num_elements + num_ranks - 1) / num_ranks;
}

}  // namespace

ElementRange part_of(std::int64_t num_elements, int rank, int num_ranks) {
  const std::int64_t size = part_size(num_elements, num_ranks);
  const std::int64_t begin = std::min(num_elements, rank * size);
  return {.begin = begin, .count = std::min(num_elements, begin + size) - begin};
}

ElementRange PartPiece::of(int rank, int num_ranks, std::int64_t num_elements) const {
  const ElementRange part = part_of(num_elements, rank, num_ranks);
  const std::int64_t begin = std::min(part.count, offset);
  return {.begin = part.begin + begin, .count = std::min(part.count, begin + count) - begin};
}

std::vector<Bucket> make_buckets(std::span<const std::int64_t> sizes, int num_ranks, std::int64_t max_elements) {
  const std::int64_t room = std::max<std::int64_t>(1, max_elements / num_ranks);
  std::vector<Bucket> buckets;
  for (std::size_t weight = 0; weight < sizes.size(); ++weight) {
    const std::int64_t size = part_size(sizes[weight], num_ranks);
    for (std::int64_t offset = 0; offset < size;) {
      if (buckets.empty() || buckets.back().count == room) buckets.emplace_back();
      Bucket& bucket = buckets.back();
      const std::int64_t count = std::min(size - offset, room - bucket.count);
      bucket.pieces.push_back({.weight = weight, .offset = offset, .count = count});
      bucket.count += count;
      offset += count;
    }
  }
  return buckets;
}

}  // namespace wedlm::train
