// A strip of attention: one kv head and some of a segment's query vectors, which are the rows times the query heads
// that share the kv head, in that order. How its vectors meet keys and values is the matter of RowStrip and PanelStrip;
// what they have in common is here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "wedlm/backend/backend.h"
#include "wedlm/backend/cpu/isa/kernel_table.h"

namespace wedlm {

// Positions that share a softmax. Every result depends on it, so it is the same whatever there is to compute.
constexpr std::int64_t kAttentionChunk = 256;

/// Those of the element type of pages.
const KvKernels& kv_kernels(const KernelTable& kernels, DType dtype);

/// What is the same for all strips.
struct AttentionPlan {
  const KernelTable& kernels;
  const AttentionArgs& args;
  std::span<const AttentionSegment> segments;
  const KvKernels& of_pages;
  std::int64_t head_dim;
  std::int64_t num_kv_heads;
  std::int64_t group;            // query heads of a kv head
  std::int64_t lanes;            // of a vector
  std::int64_t padded_head_dim;  // in whole vectors
  std::int64_t vectors_per_strip = 0;
  std::int64_t max_chunks = 0;  // that a strip may see
  bool splits_chunks = false;   // chunks of a strip are tasks of their own

  AttentionPlan(const KernelTable& kernels, const AttentionArgs& args, std::span<const AttentionSegment> segments,
                std::int64_t num_threads);

  std::int64_t strips_of(const AttentionSegment& segment) const {
    return (segment.num_rows * group + vectors_per_strip - 1) / vectors_per_strip * num_kv_heads;
  }
  std::int64_t num_strips() const;
  std::int64_t num_tasks() const { return num_strips() * (splits_chunks ? max_chunks : 1); }
  /// Of the maxima, sums and outputs of a strip.
  std::int64_t result_floats() const { return vectors_per_strip * (2 + padded_head_dim); }
};

/// Of each query vector: the largest score, the sum of the exponentials of what the scores are below it, and the sum of
/// the values weighted by them.
struct AttentionResult {
  float* maxima;  // [vectors_per_strip]
  float* sums;    // [vectors_per_strip]
  float* out;     // [vectors_per_strip, padded_head_dim]

  AttentionResult(const AttentionPlan& plan, float* memory)
      : maxima(memory), sums(maxima + plan.vectors_per_strip), out(sums + plan.vectors_per_strip) {}
};

class AttentionStrip {
 public:
  std::int64_t num_chunks() const { return (num_keys_ + kAttentionChunk - 1) / kAttentionChunk; }
  /// Adds what a later chunk found to what those before it did.
  void merge(const AttentionResult& chunk, const AttentionResult& total) const;
  /// Writes the strip's outputs.
  void scatter(const AttentionResult& total) const;

 protected:
  /// Strip `strip` of the segment's query vectors. `scratch` has floats_for(plan) floats.
  AttentionStrip(const AttentionPlan& plan, const AttentionSegment& segment, std::int64_t kv_head, std::int64_t strip,
                 float* scratch);
  static std::int64_t floats_for(const AttentionPlan& plan) {
    return plan.vectors_per_strip * (kAttentionChunk + plan.padded_head_dim);
  }

  const AttentionPlan& plan() const { return plan_; }
  const AttentionSegment& segment() const { return segment_; }
  std::int64_t kv_head() const { return kv_head_; }
  /// Query vectors.
  std::int64_t count() const { return count_; }
  /// That the last of them sees.
  std::int64_t num_keys() const { return num_keys_; }
  float* scores() const { return scores_; }    // [vectors_per_strip, kAttentionChunk]
  float* queries() const { return queries_; }  // [vectors_per_strip, padded_head_dim], scaled

  void gather_queries() const;
  /// Turns the scores of `num_keys` keys from `first` on into weights; a row does not see the rows below it, which the
  /// strip's last row does.
  void weigh(std::int64_t first, std::int64_t num_keys, const AttentionResult& result) const;

  /// The kv head's numbers of token t, which is no token of the prefix, in the rows of `keys_or_values`.
  const float* row_of_token(const ConstTensor& keys_or_values, std::int64_t t) const {
    return keys_or_values.row<float>(segment_.first_row + t - segment_.prefix_length) + kv_head_ * plan_.head_dim;
  }
  /// The kv head's slice of a token of the prefix, and its scale, which is null where the type has none.
  struct Slice {
    const std::byte* numbers = nullptr;
    const float* scale = nullptr;
  };
  /// Of token t, in `stored`, the keys or values of the pages. Those of the tokens that follow in the same page follow.
  Slice slice_of_token(const Tensor& stored, std::int64_t t) const {
    const KvPages& pages = plan_.args.pages;
    const std::int64_t entry = t % pages.page_size;
    const std::int32_t page = segment_.page_table[static_cast<std::size_t>(t / pages.page_size)];
    const auto* memory = static_cast<const std::byte*>(stored.data());
    return {.numbers = memory + pages.slice_at(page, entry, kv_head_) * plan_.of_pages.element_bytes,
            .scale = plan_.of_pages.has_scales
                         ? reinterpret_cast<const float*>(memory + pages.scale_at(page, entry, kv_head_))
                         : nullptr};
  }
  /// How many tokens of the same page follow t, and itself.
  std::int64_t left_in_page(std::int64_t t) const {
    return plan_.args.pages.page_size - t % plan_.args.pages.page_size;
  }

 private:
  std::int64_t row_of(std::int64_t vector) const { return segment_.first_row + (first_ + vector) / plan_.group; }
  std::int64_t offset_of(std::int64_t vector) const {
    return (kv_head_ * plan_.group + (first_ + vector) % plan_.group) * plan_.head_dim;
  }
  /// Keys that a vector's row sees.
  std::int64_t num_visible(std::int64_t vector) const {
    return segment_.prefix_length + (first_ + vector) / plan_.group + 1;
  }

  const AttentionPlan& plan_;
  const AttentionSegment& segment_;
  std::int64_t kv_head_;
  std::int64_t first_;  // query vector of the segment
  std::int64_t count_;
  std::int64_t num_keys_;
  float* scores_;
  float* queries_;
};

}  // namespace wedlm
