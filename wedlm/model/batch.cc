#include "wedlm/model/batch.h"

#include <string>

#include "wedlm/base/error.h"

namespace wedlm {
namespace {

void require(bool holds, const char* invariant) {
  if (!holds) throw InternalError(std::string("Batch: ") + invariant);
}

}  // namespace

void Batch::clear() {
  token_ids.clear();
  positions.clear();
  slots.clear();
  segments.clear();
  prediction_rows.clear();
  sampling.clear();
}

void Batch::check(std::int64_t vocab_size, std::int64_t num_slots, std::int64_t block_size) const {
  require(positions.size() == token_ids.size() && slots.size() == token_ids.size(), "columns of different length");
  require(sampling.size() == prediction_rows.size(), "one sampling row for each prediction row");
  std::int64_t next_row = 0;
  for (const Segment& segment : segments) {
    require(segment.first_row == next_row && segment.num_rows > 0, "segments must tile the rows");
    next_row += segment.num_rows;
    require(next_row <= num_rows(), "a segment past the last row");
    require(segment.prefix_length >= 0 &&
                static_cast<std::int64_t>(segment.block_table.size()) * block_size >= segment.prefix_length,
            "a prefix longer than its pages");
    for (const std::int32_t block : segment.block_table) {
      require(block >= 0 && (block + 1) * block_size <= num_slots, "a page outside the cache");
    }
    for (std::int64_t row = segment.first_row + 1; row < next_row; ++row) {
      const auto r = static_cast<std::size_t>(row);
      require(slots[r] < 0 || slots[r - 1] >= 0, "stored rows must lead their segment");
    }
  }
  require(next_row == num_rows(), "rows outside every segment");
  for (std::size_t row = 0; row < token_ids.size(); ++row) {
    require(token_ids[row] >= 0 && token_ids[row] < vocab_size, "a token outside the vocabulary");
    require(positions[row] >= 0, "a negative position");
    require(slots[row] < num_slots, "a slot outside the cache");
  }
  for (std::size_t i = 0; i < prediction_rows.size(); ++i) {
    require(prediction_rows[i] >= 0 && prediction_rows[i] < num_rows(), "a prediction of a row that is not there");
    require(i == 0 || prediction_rows[i - 1] < prediction_rows[i], "prediction rows must ascend");
  }
}

}  // namespace wedlm
