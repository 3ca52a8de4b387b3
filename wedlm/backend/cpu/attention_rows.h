// Query vectors times keys and values of any type in float32, where they stand or, if there are many vectors, expanded
// once for all of them:
//   scores[j][t] = query[j] . key[t]                           as ScoreTile says
//   out[j][d]    = sum over t of weight[j][t] * value[t][d]    one t after the other
#pragma once

#include "wedlm/backend/cpu/attention_strip.h"

namespace wedlm {

class RowStrip : public AttentionStrip {
 public:
  RowStrip(const AttentionPlan& plan, const AttentionSegment& segment, std::int64_t kv_head, std::int64_t strip,
           float* scratch);
  static std::int64_t floats_for(const AttentionPlan& plan);

  /// Before the chunks.
  void begin() { gather_queries(); }
  void attend(std::int64_t chunk, const AttentionResult& result) const;

 private:
  struct Stretch;
  struct Rows;

  static Rows keys_of(const Stretch& stretch);
  static Rows values_of(const Stretch& stretch);
  Stretch stretch_at(std::int64_t t, std::int64_t end) const;
  template <class Visit>
  void for_each_stretch(std::int64_t first, std::int64_t end, const Visit& visit) const;
  std::int64_t slice_bytes(const Rows& rows) const;
  Rows prepare(const Rows& rows) const;
  void score(const Stretch& stretch, std::int64_t chunk_first, const Rows& next) const;
  void add_values(const Stretch& stretch, std::int64_t chunk_first, const Rows& next,
                  const AttentionResult& result) const;
  void prefetch(const Rows& rows) const;
  static void prefetch_scales(const Rows& rows);

  bool copies_;  // keys and values, before they are multiplied
  float* copy_;  // [kMaxStretch, padded_head_dim]
};

}  // namespace wedlm
