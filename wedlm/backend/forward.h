// What one forward takes from the host, and the handle that a backend makes of it. All of it goes to the backend at
// once, before the first op: from then on nobody looks at the host's memory again until predictions are read.
#pragma once

#include <cstdint>
#include <span>

#include "wedlm/base/prediction.h"
#include "wedlm/base/token_id.h"
#include "wedlm/base/turns.h"

namespace wedlm {

class Backend;

/// Consecutive rows that attend fully to a prefix in pages and causally to each other: row r of the segment sees the
/// prefix and the segment's rows 0 to r.
struct AttentionSegment {
  std::int64_t first_row = 0;
  std::int64_t num_rows = 0;
  std::int64_t prefix_length = 0;              // tokens in pages
  std::span<const std::int32_t> page_table{};  // pages, those of the prefix first and in order
};

/// An op reads its own part only, so whoever runs single ops gives no more than they read.
struct ForwardInputs {
  std::span<const TokenId> token_ids{};             // [rows] for embed()
  std::span<const std::int32_t> positions{};        // [rows] for rope_angles()
  std::span<const std::int32_t> slots{};            // [rows] for store_kv(): where K and V are stored; -1: nowhere
  std::span<const AttentionSegment> segments{};     // for attention(); they tile the rows, in order
  std::span<const std::int32_t> prediction_rows{};  // for gather_prediction_rows()
  std::span<const SamplingRow> sampling{};          // [prediction rows] for predict()
};

/// Counts and bounds of the inputs: all that has to be known on the host to check the arguments of an op.
struct ForwardExtents {
  std::int64_t num_token_ids = 0;
  std::int64_t num_positions = 0;
  std::int64_t num_slots = 0;
  std::int64_t num_segment_rows = 0;
  std::int64_t num_prediction_rows = 0;
  std::int64_t num_sampling_rows = 0;
  // One above the largest of each, 0 where there is none.
  std::int64_t token_id_end = 0;
  std::int64_t slot_end = 0;
  std::int64_t page_end = 0;
  std::int64_t prediction_row_end = 0;
  std::int64_t least_page_size = 0;  // with which every prefix fits into its page table; 0: there is no prefix
};

/// A forward under way. Whoever has one has the backend to itself.
class Forward {
 public:
  virtual ~Forward() = default;
  Forward(const Forward&) = delete;
  Forward& operator=(const Forward&) = delete;

  const ForwardExtents& extents() const { return extents_; }
  bool is_of(const Backend& backend) const { return backend_ == &backend; }

 protected:
  Forward() = default;

 private:
  friend class Backend;

  const Backend* backend_ = nullptr;
  ForwardExtents extents_;
  Turns::Turn turn_;
};

}  // namespace wedlm
