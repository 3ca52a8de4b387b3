// How weights are shared by the processes of a run: each has an equal part of every weight, and what goes between them
// goes in buckets, so that no copy of all weights is made.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace wedlm::train {

/// A range of elements of a weight that is looked at as a vector.
struct ElementRange {
  std::int64_t begin = 0;
  std::int64_t count = 0;  // 0 past the end of the weight
};

/// The part of the process `rank` in a weight of `num_elements`: equal ones, of which the last may have less.
ElementRange part_of(std::int64_t num_elements, int rank, int num_ranks);

/// The same piece of each rank's part in a weight.
struct PartPiece {
  std::size_t weight = 0;
  std::int64_t offset = 0;  // in the part
  std::int64_t count = 0;

  /// Its elements in the weight.
  ElementRange of(int rank, int num_ranks, std::int64_t num_elements) const;
};

/// Pieces that go together.
struct Bucket {
  std::vector<PartPiece> pieces;
  std::int64_t count = 0;  // elements of one rank
};

/// Cuts all parts of weights of those sizes into buckets, which have up to `max_elements` of all ranks together (and at
/// least one of each). Each element is in one piece.
std::vector<Bucket> make_buckets(std::span<const std::int64_t> sizes, int num_ranks, std::int64_t max_elements);

}  // namespace wedlm::train
