#include "wedlm/model/batch.h"

#include <gtest/gtest.h>

#include <functional>

#include "wedlm/base/error.h"

namespace wedlm {
namespace {

/// Two segments: three rows of which two are stored, and one row after a prefix of five in two pages of four.
Batch sound_batch() {
  Batch batch;
  batch.token_ids = {1, 2, 3, 4};
  batch.positions = {0, 1, 3, 5};
  batch.slots = {0, 1, -1, 9};
  batch.segments = {{.first_row = 0, .num_rows = 3},
                    {.first_row = 3, .num_rows = 1, .prefix_length = 5, .block_table = {1, 2}}};
  batch.prediction_rows = {2, 3};
  batch.sampling.resize(2);
  return batch;
}

TEST(BatchTest, EachInvariantIsChecked) {
  EXPECT_NO_THROW(sound_batch().check(10, 12, 4));
  const std::function<void(Batch&)> breakages[] = {
      [](Batch& b) { b.positions.pop_back(); },
      [](Batch& b) { b.slots.pop_back(); },
      [](Batch& b) { b.sampling.pop_back(); },
      [](Batch& b) { b.segments.pop_back(); },
      [](Batch& b) { b.segments[1].first_row = 2; },
      [](Batch& b) { b.segments[1].num_rows = 2; },
      [](Batch& b) { b.segments[1].num_rows = 0; },
      [](Batch& b) { b.segments[1].block_table = {1}; },
      [](Batch& b) {
        b.segments[1].block_table = {1, 3};
      },
      [](Batch& b) { b.segments[1].prefix_length = -1; },
      [](Batch& b) {
        b.slots = {0, -1, 2, 9};
      },
      [](Batch& b) { b.slots[3] = 12; },
      [](Batch& b) { b.token_ids[0] = 10; },
      [](Batch& b) { b.token_ids[0] = -1; },
      [](Batch& b) { b.positions[0] = -1; },
      [](Batch& b) {
        b.prediction_rows = {3, 2};
      },
      [](Batch& b) {
        b.prediction_rows = {2, 4};
      },
  };
  int index = 0;
  for (const auto& breakage : breakages) {
    Batch batch = sound_batch();
    breakage(batch);
    EXPECT_THROW(batch.check(10, 12, 4), InternalError) << "breakage " << index;
    ++index;
  }
}

}  // namespace
}  // namespace wedlm
