// Query vectors times keys and values of bfloat16, as the products of linear layers: 32 keys are the columns of a panel
// whose inputs are the dimensions of the head, and 32 dimensions the columns of one whose inputs are the keys of a
// chunk. Query vectors and weights are rounded to bfloat16, as rows are that meet weights of it. A score is summed in
// the order of dimensions and an output in that of keys, as the level sums any product.
#pragma once

#include <array>

#include "wedlm/backend/cpu/attention_strip.h"
#include "wedlm/backend/cpu/packing.h"

namespace wedlm {

class PanelStrip : public AttentionStrip {
 public:
  /// Whether the level multiplies so, and the pages hold what it can multiply.
  static bool serves(const KernelTable& kernels, const AttentionArgs& args);

  PanelStrip(const AttentionPlan& plan, const AttentionSegment& segment, std::int64_t kv_head, std::int64_t strip,
             float* scratch);
  static std::int64_t floats_for(const AttentionPlan& plan);

  /// Before the chunks.
  void begin();
  void attend(std::int64_t chunk, const AttentionResult& result) const;

 private:
  /// Where the tokens of a chunk have their numbers, each of at least depth_ elements, and zeros after the last.
  using Tokens = std::array<const std::uint16_t*, kAttentionChunk + kColumnsAhead>;
  /// Parts of the memory of a strip, in floats.
  struct Layout;
  struct Pieces;

  void locate(const Tensor& stored, const ConstTensor& rows, std::int64_t first, std::int64_t end,
              std::uint16_t* copies, Tokens& tokens) const;
  void score(const Tokens& keys, const Tokens& values, std::int64_t num_keys) const;
  void add_values(const Tokens& values, std::int64_t num_keys, std::int64_t next, const AttentionResult& result) const;
  MultiplyTile product_of(std::int64_t num_columns, std::int64_t out_stride) const;

  std::int64_t depth_;        // head_dim in whole panels
  bool is_narrow_;            // has so few vectors that values are not packed
  std::int64_t slice_bytes_;  // of pages
  bool reads_pages_;          // which are in whole panels of bfloat16
  PairedRows rounded_queries_;
  std::byte* query_memory_;
  std::byte* weight_memory_;
  std::byte* panel_;
  std::uint16_t* key_copies_;  // [kAttentionChunk, depth_], of tokens that do not stand in whole panels of bfloat16
  std::uint16_t* value_copies_;
  std::uint16_t* zeros_;  // [depth_]
};

}  // namespace wedlm
