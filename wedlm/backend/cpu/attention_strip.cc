#include "wedlm/backend/cpu/attention_strip.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace wedlm {
namespace {

constexpr std::int64_t kMaxVectors = 128;  // of a strip: their scores of a chunk are 128 kB
constexpr std::int64_t kMinVectors = 8;    // that a strip is cut down to where threads have nothing to do

/// Where two chunks are merged, one of the two is scaled by exp(0), which need not be computed.
float exponential_of(float x) {
  return x == 0 ? 1 : std::exp(x);
}

}  // namespace

const KvKernels& kv_kernels(const KernelTable& kernels, DType dtype) {
  if (dtype == DType::kI8) return kernels.kv_int8;
  return dtype == DType::kBF16 ? kernels.kv_bf16 : kernels.kv_f32;
}

AttentionPlan::AttentionPlan(const KernelTable& kernel_table, const AttentionArgs& attention,
                             std::span<const AttentionSegment> all_segments, std::int64_t num_threads)
    : kernels(kernel_table),
      args(attention),
      segments(all_segments),
      of_pages(kv_kernels(kernel_table, attention.pages.keys.dtype())),
      head_dim(attention.queries.shape()[2]),
      num_kv_heads(attention.keys.shape()[1]),
      group(attention.queries.shape()[1] / num_kv_heads),
      lanes(kernel_table.panel_lanes / 2),
      padded_head_dim((head_dim + lanes - 1) / lanes * lanes) {
  std::int64_t max_vectors = 1;
  for (const AttentionSegment& segment : segments) {
    max_vectors = std::max(max_vectors, segment.num_rows * group);
    max_chunks =
        std::max(max_chunks, (segment.prefix_length + segment.num_rows + kAttentionChunk - 1) / kAttentionChunk);
  }
  vectors_per_strip = std::min(kMaxVectors, max_vectors);
  // A few strips that the threads cannot share evenly.
  splits_chunks = max_chunks > 1 && num_strips() < 4 * num_threads && num_strips() % num_threads != 0;
  while (vectors_per_strip >= 2 * kMinVectors && num_tasks() < num_threads) vectors_per_strip /= 2;
}

std::int64_t AttentionPlan::num_strips() const {
  std::int64_t count = 0;
  for (const AttentionSegment& segment : segments) count += strips_of(segment);
  return count;
}

AttentionStrip::AttentionStrip(const AttentionPlan& plan, const AttentionSegment& segment, std::int64_t kv_head,
                               std::int64_t strip, float* scratch)
    : plan_(plan),
      segment_(segment),
      kv_head_(kv_head),
      first_(strip * plan.vectors_per_strip),
      count_(std::min(plan.vectors_per_strip, segment.num_rows * plan.group - first_)),
      num_keys_(num_visible(count_ - 1)),
      scores_(scratch),
      queries_(scores_ + plan.vectors_per_strip * kAttentionChunk) {}

void AttentionStrip::merge(const AttentionResult& chunk, const AttentionResult& total) const {
  for (std::int64_t j = 0; j < count_; ++j) {
    if (chunk.sums[j] == 0) continue;  // the vector's row sees none of its keys
    const float max = std::max(chunk.maxima[j], total.maxima[j]);
    const float scale = exponential_of(total.maxima[j] - max);
    const float chunk_scale = exponential_of(chunk.maxima[j] - max);
    plan_.kernels.add_scaled(total.out + j * plan_.padded_head_dim, scale, chunk.out + j * plan_.padded_head_dim,
                             chunk_scale, plan_.padded_head_dim);
    total.sums[j] = total.sums[j] * scale + chunk.sums[j] * chunk_scale;
    total.maxima[j] = max;
  }
}

void AttentionStrip::scatter(const AttentionResult& total) const {
  for (std::int64_t j = 0; j < count_; ++j) {
    const float* from = total.out + j * plan_.padded_head_dim;
    float* to = plan_.args.out.row<float>(row_of(j)) + offset_of(j);
    const float inverse = 1 / total.sums[j];
    for (std::int64_t d = 0; d < plan_.head_dim; ++d) to[d] = from[d] * inverse;
  }
}

void AttentionStrip::gather_queries() const {
  for (std::int64_t j = 0; j < count_; ++j) {
    const float* from = plan_.args.queries.row<float>(row_of(j)) + offset_of(j);
    float* to = queries_ + j * plan_.padded_head_dim;
    for (std::int64_t d = 0; d < plan_.head_dim; ++d) to[d] = from[d] * plan_.args.scale;
    std::fill(to + plan_.head_dim, to + plan_.padded_head_dim, 0.0F);
  }
}

void AttentionStrip::weigh(std::int64_t first, std::int64_t num_keys, const AttentionResult& result) const {
  for (std::int64_t j = 0; j < count_; ++j) {
    float* scores = scores_ + j * kAttentionChunk;
    const std::int64_t visible = std::clamp<std::int64_t>(num_visible(j) - first, 0, num_keys);
    const std::int64_t whole = (visible + plan_.lanes - 1) / plan_.lanes * plan_.lanes;
    std::fill(scores + visible, scores + whole, -std::numeric_limits<float>::infinity());
    const SoftmaxMoments moments = visible > 0
                                       ? plan_.kernels.softmax_row(scores, whole)
                                       : SoftmaxMoments{.max = -std::numeric_limits<float>::infinity(), .sum = 0};
    if (whole < num_keys) std::fill(scores + whole, scores + num_keys, 0.0F);
    result.maxima[j] = moments.max;
    result.sums[j] = moments.sum;
  }
}

}  // namespace wedlm
