// The whole contract between the engine and the model: rows, and the segments they form. There is no prefill flag and
// no decode flag; a prompt chunk, a decode window and a single step of plain decoding differ only in numbers.
//
// A segment is a run of consecutive rows that attends fully to a prefix and causally to itself (WeDLM, section 3). Its
// rows stand in the order in which they may see each other, which need not be the order of their positions:
//
//   prefix in pages     rows of the segment
//   positions 0..11     known 12, 13 | guessed 16 | masks 14, 15, 17
//                       stored -------'            `- each predicts its own position
#pragma once

#include <cstdint>
#include <vector>

#include "wedlm/base/prediction.h"
#include "wedlm/base/token_id.h"

namespace wedlm {

struct Segment {
  std::int64_t first_row = 0;
  std::int64_t num_rows = 0;
  std::int64_t prefix_length = 0;         // tokens in pages before the first row
  std::vector<std::int32_t> block_table;  // pages of the prefix, in order; at least ceil(prefix_length / block_size)
};

struct Batch {
  std::vector<TokenId> token_ids;       // [rows]
  std::vector<std::int32_t> positions;  // [rows] for the rotary embedding
  std::vector<std::int32_t> slots;      // [rows] where K and V are stored; -1: nowhere. Stored rows lead their segment
  std::vector<Segment> segments;        // they tile the rows, in order
  std::vector<std::int32_t> prediction_rows;  // ascending
  std::vector<SamplingRow> sampling;          // one for each prediction row

  std::int64_t num_rows() const { return static_cast<std::int64_t>(token_ids.size()); }
  void clear();

  /// Throws InternalError where an invariant above does not hold, or an id or slot is out of range.
  void check(std::int64_t vocab_size, std::int64_t num_slots, std::int64_t block_size) const;
};

}  // namespace wedlm
