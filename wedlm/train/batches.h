// Which packs each step of a run takes, and the rows that they become: a function of the seed and the step alone, so
// that a run goes on anywhere.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "wedlm/train/data/packing.h"
#include "wedlm/train/rows/dual_stream.h"

namespace wedlm::train {

struct BatchOptions {
  MaskOptions masks{};
  TokenId mask_token_id = kNoToken;
  std::size_t max_tokens = 2048;  // of a pack, before its masks
  std::int64_t accumulation = 8;  // packs of a step
  std::uint64_t seed = 42;
};

/// Which packs of a step a process computes: each `size`-th, from `rank` on.
struct PackShare {
  int rank = 0;
  int size = 1;
};

class Batches {
 public:
  /// All must outlive this.
  Batches(const SampleSet& samples, const std::vector<TrainingFile>& files, const BatchOptions& options)
      : samples_(samples), files_(files), options_(options) {}

  /// Steps of so many epochs, of the last of which there may be a part.
  std::int64_t steps_of_all(double num_epochs);
  /// The packs of a step, which is counted from the beginning. The last step of an epoch may have fewer.
  std::int64_t num_packs(std::int64_t step);
  /// The rows of each pack of a step, or of the share's.
  std::vector<DualStream> of_step(std::int64_t step, const PackShare& share = {});

 private:
  /// Where a step stands.
  struct Place {
    std::int64_t epoch = 0;
    std::int64_t step = 0;  // of the epoch
  };
  Place place_of(std::int64_t step);
  /// The packs of a step in those of its epoch: the first one and the one after the last.
  std::pair<std::int64_t, std::int64_t> range_of(const Place& place);
  std::int64_t steps_of(std::int64_t epoch);
  const std::vector<Pack>& packs_of(std::int64_t epoch);

  const SampleSet& samples_;
  const std::vector<TrainingFile>& files_;
  const BatchOptions& options_;
  std::optional<std::int64_t> current_;  // the epoch whose packs these are
  std::vector<Pack> packs_;
  std::vector<std::int64_t> steps_;  // of the epochs so far
};

}  // namespace wedlm::train
