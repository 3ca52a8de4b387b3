// Samples in packs of a bounded length: what one forward of training takes. An epoch's order and packs follow from the
// seed alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "wedlm/train/data/sample_set.h"

namespace wedlm::train {

/// Indices of samples.
using Pack = std::vector<std::size_t>;

/// The samples of an epoch in random order. A sample of a file of weight 2.5 comes twice, and in half of the epochs
/// once more.
std::vector<std::size_t> epoch_order(const SampleSet& samples, std::span<const TrainingFile> files, std::uint64_t seed,
                                     std::uint64_t epoch);

/// Packs of up to `max_tokens`, filled in this order; each sample is whole in one pack, in that where it leaves the
/// least room (best fit over a bounded number of open packs). A sample longer than that has a pack of its own.
std::vector<Pack> packed(const SampleSet& samples, std::span<const std::size_t> order, std::size_t max_tokens);

}  // namespace wedlm::train
