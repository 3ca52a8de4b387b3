// Samples that a run is judged by and never trained on.
#pragma once

#include <cstdint>
#include <optional>

#include "wedlm/train/data/sample_set.h"

namespace wedlm::train {

struct RunData {
  DataSet training{};
  std::optional<DataSet> held_out{};
};

/// Holds out that share of the samples, rounded, at least one: which, follows from the seed alone. Throws InvalidInput
/// where nothing would be left to train on.
RunData hold_out(const DataSet& data, double share, std::uint64_t seed);

}  // namespace wedlm::train
