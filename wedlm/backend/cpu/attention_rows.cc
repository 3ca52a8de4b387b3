#include "wedlm/backend/cpu/attention_rows.h"

#include <algorithm>

#include "wedlm/backend/cpu/prefetch.h"

namespace wedlm {
namespace {

// Keys and values are taken up in stretches that stay in the first-level cache while the query vectors go over them.
constexpr std::int64_t kMaxStretch = 32;

}  // namespace

/// Keys and values of consecutive tokens that stand at one stride in memory.
struct RowStrip::Stretch {
  std::int64_t first = 0;  // of the tokens that the segment sees
  std::int64_t count = 0;
  const KvKernels* kernels = nullptr;
  const std::byte* keys = nullptr;
  const float* key_scales = nullptr;
  std::int64_t key_stride = 0;  // elements
  const std::byte* values = nullptr;
  const float* value_scales = nullptr;
  std::int64_t value_stride = 0;
};

/// Rows of keys or of values.
struct RowStrip::Rows {
  const KvKernels* kernels = nullptr;
  const std::byte* data = nullptr;
  const float* scales = nullptr;  // one of each, where the type has any
  std::int64_t stride = 0;        // elements
  std::int64_t count = 0;

  std::int64_t stride_bytes() const { return stride * kernels->element_bytes; }
};

RowStrip::RowStrip(const AttentionPlan& plan, const AttentionSegment& segment, std::int64_t kv_head, std::int64_t strip,
                   float* scratch)
    : AttentionStrip(plan, segment, kv_head, strip, scratch),
      copies_(plan.head_dim != plan.padded_head_dim || count() > plan.kernels.max_expanding_queries),
      copy_(scratch + AttentionStrip::floats_for(plan)) {}

std::int64_t RowStrip::floats_for(const AttentionPlan& plan) {
  return AttentionStrip::floats_for(plan) + kMaxStretch * plan.padded_head_dim;
}

void RowStrip::attend(std::int64_t chunk, const AttentionResult& result) const {
  const std::int64_t first = chunk * kAttentionChunk;
  const std::int64_t end = std::min(first + kAttentionChunk, num_keys());
  for_each_stretch(first, end, [&](const Stretch& stretch, const Stretch& next) {
    score(stretch, first, next.count > 0 ? keys_of(next) : values_of(stretch_at(first, end)));
  });
  weigh(first, end - first, result);
  for_each_stretch(first, end, [&](const Stretch& stretch, const Stretch& next) {
    const bool is_last = end == num_keys();
    add_values(stretch, first, next.count > 0 || is_last ? values_of(next) : keys_of(stretch_at(end, num_keys())),
               result);
  });
}

RowStrip::Rows RowStrip::keys_of(const Stretch& stretch) {
  return {stretch.kernels, stretch.keys, stretch.key_scales, stretch.key_stride, stretch.count};
}

RowStrip::Rows RowStrip::values_of(const Stretch& stretch) {
  return {stretch.kernels, stretch.values, stretch.value_scales, stretch.value_stride, stretch.count};
}

/// The stretch that begins at token t and does not go beyond `end`.
RowStrip::Stretch RowStrip::stretch_at(std::int64_t t, std::int64_t end) const {
  const AttentionArgs& args = plan().args;
  const std::int64_t prefix = segment().prefix_length;
  if (t >= prefix) {
    return {.first = t,
            .count = std::min(end - t, kMaxStretch),
            .kernels = &plan().kernels.kv_f32,
            .keys = reinterpret_cast<const std::byte*>(row_of_token(args.keys, t)),
            .key_stride = args.keys.row_stride(),
            .values = reinterpret_cast<const std::byte*>(row_of_token(args.values, t)),
            .value_stride = args.values.row_stride()};
  }
  const Slice key = slice_of_token(args.pages.keys, t), value = slice_of_token(args.pages.values, t);
  return {.first = t,
          .count = std::min({left_in_page(t), std::min(end, prefix) - t, kMaxStretch}),
          .kernels = &plan().of_pages,
          .keys = key.numbers,
          .key_scales = key.scale,
          .key_stride = args.pages.head_dim,
          .values = value.numbers,
          .value_scales = value.scale,
          .value_stride = args.pages.head_dim};
}

/// Visits each stretch together with the next, which is empty after the last.
template <class Visit>
void RowStrip::for_each_stretch(std::int64_t first, std::int64_t end, const Visit& visit) const {
  Stretch stretch = stretch_at(first, end);
  for (std::int64_t t = first; t < end;) {
    t += stretch.count;
    const Stretch next = t < end ? stretch_at(t, end) : Stretch{};
    visit(stretch, next);
    stretch = next;
  }
}

std::int64_t RowStrip::slice_bytes(const Rows& rows) const {
  return plan().head_dim * rows.kernels->element_bytes;
}

/// The rows as floats in whole vectors and close together, where that pays or has to be; else as they are.
RowStrip::Rows RowStrip::prepare(const Rows& rows) const {
  if (!copies_) return rows;
  const std::int64_t depth = plan().padded_head_dim;
  for (std::int64_t t = 0; t < rows.count; ++t) {
    const float* scale = rows.scales == nullptr ? nullptr : rows.scales + t;
    rows.kernels->expand(rows.data + t * rows.stride_bytes(), scale, plan().head_dim, copy_ + t * depth);
  }
  return {.kernels = &plan().kernels.kv_f32,
          .data = reinterpret_cast<const std::byte*>(copy_),
          .stride = depth,
          .count = rows.count};
}

void RowStrip::score(const Stretch& stretch, std::int64_t chunk_first, const Rows& next) const {
  const Rows keys = prepare(keys_of(stretch));
  const std::int64_t depth = plan().padded_head_dim;
  prefetch_scales(next);
  keys.kernels->score_keys({.queries = queries(),
                            .query_stride = depth,
                            .keys = keys.data,
                            .key_stride = keys.stride,
                            .scales = keys.scales,
                            .num_keys = keys.count,
                            .depth = depth,
                            .out = scores() + stretch.first - chunk_first,
                            .out_stride = kAttentionChunk,
                            .num_queries = static_cast<int>(count()),
                            .prefetch = next.data,
                            .prefetch_stride_bytes = next.stride_bytes(),
                            .prefetch_bytes = slice_bytes(next)});
}

void RowStrip::add_values(const Stretch& stretch, std::int64_t chunk_first, const Rows& next,
                          const AttentionResult& result) const {
  if (copies_ && next.count > 0) prefetch(next);
  prefetch_scales(next);
  const Rows values = prepare(values_of(stretch));
  const std::int64_t depth = plan().padded_head_dim;
  values.kernels->add_values({.weights = scores() + stretch.first - chunk_first,
                              .weight_stride = kAttentionChunk,
                              .values = values.data,
                              .value_stride = values.stride,
                              .scales = values.scales,
                              .num_keys = values.count,
                              .depth = depth,
                              .out = result.out,
                              .out_stride = depth,
                              .num_queries = static_cast<int>(count()),
                              .accumulate = stretch.first > chunk_first,
                              .prefetch = copies_ ? nullptr : next.data,
                              .prefetch_stride_bytes = copies_ || next.count == 0 ? 0 : next.stride_bytes()});
}

void RowStrip::prefetch(const Rows& rows) const {
  for (std::int64_t t = 0; t < rows.count; ++t) {
    prefetch_bytes(rows.data + t * rows.stride_bytes(), slice_bytes(rows));
  }
}

void RowStrip::prefetch_scales(const Rows& rows) {
  if (rows.scales == nullptr) return;
  prefetch_bytes(reinterpret_cast<const std::byte*>(rows.scales),
                 rows.count * static_cast<std::int64_t>(sizeof(float)));
}

}  // namespace wedlm
