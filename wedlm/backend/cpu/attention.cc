#include "wedlm/backend/cpu/attention.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

namespace wedlm {
namespace {

// Positions that share a softmax. Every result depends on it, so it is the same whatever there is to compute.
constexpr std::int64_t kChunk = 256;
// Keys and values are taken up in stretches that stay in the first-level cache while the query vectors go over them.
constexpr std::int64_t kMaxStretch = 32;
constexpr std::int64_t kMaxVectors = 64;  // of a block: their scores of a chunk are 64 kB
constexpr std::int64_t kMinVectors = 8;   // that a block is cut down to where threads have nothing to do
constexpr std::int64_t kCacheLine = 64;

/// Keys and values of consecutive tokens that stand at one stride in memory.
struct Stretch {
  std::int64_t first = 0;  // of the tokens that the segment sees
  std::int64_t count = 0;
  const KvKernels* kernels = nullptr;
  const std::byte* keys = nullptr;
  std::int64_t key_stride = 0;  // elements
  const std::byte* values = nullptr;
  std::int64_t value_stride = 0;
};

/// Rows of keys or of values.
struct Rows {
  const KvKernels* kernels = nullptr;
  const std::byte* data = nullptr;
  std::int64_t stride = 0;  // elements
  std::int64_t count = 0;

  std::int64_t stride_bytes() const { return stride * kernels->element_bytes; }
};

Rows keys_of(const Stretch& stretch) {
  return {stretch.kernels, stretch.keys, stretch.key_stride, stretch.count};
}

Rows values_of(const Stretch& stretch) {
  return {stretch.kernels, stretch.values, stretch.value_stride, stretch.count};
}

/// What is the same for all tasks.
struct Plan {
  const KernelTable& kernels;
  const AttentionArgs& args;
  std::int64_t head_dim;
  std::int64_t num_kv_heads;
  std::int64_t group;            // query heads of a kv head
  std::int64_t lanes;            // of a vector
  std::int64_t padded_head_dim;  // in whole vectors
  std::int64_t vectors_per_block = 0;
  std::int64_t max_chunks = 0;  // that a block may see
  bool splits_chunks = false;   // chunks of a block are tasks of their own

  Plan(const KernelTable& kernel_table, const AttentionArgs& attention, std::int64_t num_threads)
      : kernels(kernel_table),
        args(attention),
        head_dim(attention.queries.shape()[2]),
        num_kv_heads(attention.keys.shape()[1]),
        group(attention.queries.shape()[1] / num_kv_heads),
        lanes(kernel_table.panel_lanes / 2),
        padded_head_dim((head_dim + lanes - 1) / lanes * lanes) {
    std::int64_t max_vectors = 1;
    for (const AttentionSegment& segment : args.segments) {
      max_vectors = std::max(max_vectors, segment.num_rows * group);
      max_chunks = std::max(max_chunks, (segment.prefix_length + segment.num_rows + kChunk - 1) / kChunk);
    }
    vectors_per_block = std::min(kMaxVectors, max_vectors);
    // A few blocks that the threads cannot share evenly.
    splits_chunks = max_chunks > 1 && num_blocks() < 4 * num_threads && num_blocks() % num_threads != 0;
    while (vectors_per_block >= 2 * kMinVectors && num_tasks() < num_threads) vectors_per_block /= 2;
  }

  std::int64_t blocks_of(const AttentionSegment& segment) const {
    return (segment.num_rows * group + vectors_per_block - 1) / vectors_per_block * num_kv_heads;
  }

  std::int64_t num_blocks() const {
    std::int64_t count = 0;
    for (const AttentionSegment& segment : args.segments) count += blocks_of(segment);
    return count;
  }

  std::int64_t num_tasks() const { return num_blocks() * (splits_chunks ? max_chunks : 1); }

  /// Of the maxima, sums and outputs of a block.
  std::int64_t result_floats() const { return vectors_per_block * (2 + padded_head_dim); }
  std::int64_t scratch_floats() const {
    return vectors_per_block * (kChunk + padded_head_dim) + kMaxStretch * padded_head_dim + 2 * result_floats();
  }
};

/// Of each query vector: the largest score, the sum of the exponentials of what the scores are below it, and the sum of
/// the values weighted by them.
struct Result {
  float* maxima;  // [vectors_per_block]
  float* sums;    // [vectors_per_block]
  float* out;     // [vectors_per_block, padded_head_dim]

  Result(const Plan& plan, float* memory)
      : maxima(memory), sums(maxima + plan.vectors_per_block), out(sums + plan.vectors_per_block) {}
};

class Block {
 public:
  Block(const Plan& plan, const AttentionSegment& segment, std::int64_t kv_head, std::int64_t block, float* scratch)
      : plan_(plan),
        segment_(segment),
        kv_head_(kv_head),
        first_(block * plan.vectors_per_block),
        count_(std::min(plan.vectors_per_block, segment.num_rows * plan.group - first_)),
        num_keys_(num_visible(count_ - 1)),
        copies_(plan.head_dim != plan.padded_head_dim || count_ > plan.kernels.max_expanding_queries),
        scores_(scratch),
        queries_(scores_ + plan.vectors_per_block * kChunk),
        copy_(queries_ + plan.vectors_per_block * plan.padded_head_dim),
        total_(plan, copy_ + kMaxStretch * plan.padded_head_dim),
        chunk_(plan, total_.maxima + plan.result_floats()) {}

  std::int64_t num_chunks() const { return (num_keys_ + kChunk - 1) / kChunk; }

  void run() const {
    gather_queries();
    attend(0, total_);
    for (std::int64_t chunk = 1; chunk < num_chunks(); ++chunk) {
      attend(chunk, chunk_);
      merge(chunk_, total_);
    }
    scatter(total_);
  }

  void run_chunk(std::int64_t chunk, const Result& result) const {
    gather_queries();
    attend(chunk, result);
  }

  /// Adds what a later chunk found to what those before it did.
  void merge(const Result& chunk, const Result& total) const {
    for (std::int64_t j = 0; j < count_; ++j) {
      if (chunk.sums[j] == 0) continue;  // the vector's row sees none of its keys
      const float max = std::max(chunk.maxima[j], total.maxima[j]);
      const float scale = std::exp(total.maxima[j] - max);
      const float chunk_scale = std::exp(chunk.maxima[j] - max);
      float* to = total.out + j * plan_.padded_head_dim;
      const float* from = chunk.out + j * plan_.padded_head_dim;
      for (std::int64_t d = 0; d < plan_.head_dim; ++d) to[d] = to[d] * scale + from[d] * chunk_scale;
      total.sums[j] = total.sums[j] * scale + chunk.sums[j] * chunk_scale;
      total.maxima[j] = max;
    }
  }

  void scatter(const Result& total) const {
    for (std::int64_t j = 0; j < count_; ++j) {
      const float* from = total.out + j * plan_.padded_head_dim;
      float* to = plan_.args.out.row<float>(row_of(j)) + offset_of(j);
      for (std::int64_t d = 0; d < plan_.head_dim; ++d) to[d] = from[d] / total.sums[j];
    }
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

  void gather_queries() const {
    for (std::int64_t j = 0; j < count_; ++j) {
      const float* from = plan_.args.queries.row<float>(row_of(j)) + offset_of(j);
      float* to = queries_ + j * plan_.padded_head_dim;
      for (std::int64_t d = 0; d < plan_.head_dim; ++d) to[d] = from[d] * plan_.args.scale;
      std::fill(to + plan_.head_dim, to + plan_.padded_head_dim, 0.0F);
    }
  }

  void attend(std::int64_t chunk, const Result& result) const {
    const std::int64_t first = chunk * kChunk;
    const std::int64_t end = std::min(first + kChunk, num_keys_);
    for_each_stretch(first, end, [&](const Stretch& stretch, const Stretch& next) {
      score(stretch, first, next.count > 0 ? keys_of(next) : values_of(stretch_at(first, end)));
    });
    for (std::int64_t j = 0; j < count_; ++j) weigh(j, first, end - first, result);
    for_each_stretch(first, end, [&](const Stretch& stretch, const Stretch& next) {
      const bool is_last = end == num_keys_;
      add_values(stretch, first, next.count > 0 || is_last ? values_of(next) : keys_of(stretch_at(end, num_keys_)),
                 result);
    });
  }

  /// Tokens of a page and of those that follow it both in the sequence and in memory, as far as a stretch goes.
  std::int64_t run_length(std::int64_t block) const {
    const std::int32_t* table = segment_.block_table;
    const std::int64_t num_blocks = (segment_.prefix_length + plan_.args.block_size - 1) / plan_.args.block_size;
    std::int64_t length = plan_.args.block_size;
    while (length < 2 * kMaxStretch && block + 1 < num_blocks && table[block + 1] == table[block] + 1) {
      length += plan_.args.block_size;
      ++block;
    }
    return length;
  }

  /// The stretch that begins at token t and does not go beyond `end`.
  Stretch stretch_at(std::int64_t t, std::int64_t end) const {
    const AttentionArgs& args = plan_.args;
    const std::int64_t prefix = segment_.prefix_length;
    if (t < prefix) {
      const std::int64_t block = t / args.block_size;
      const std::int64_t entry = t % args.block_size;
      const std::int64_t count = std::min({run_length(block) - entry, std::min(end, prefix) - t, kMaxStretch});
      return stretch_of(args.pages.keys, args.pages.values, segment_.block_table[block] * args.block_size + entry, t,
                        count);
    }
    return stretch_of(args.keys, args.values, segment_.first_row + t - prefix, t, std::min(end - t, kMaxStretch));
  }

  Stretch stretch_of(const ConstTensor& keys, const ConstTensor& values, std::int64_t row, std::int64_t first,
                     std::int64_t count) const {
    const KvKernels& kernels = kv_kernels(plan_.kernels, keys.dtype());
    const auto at = [&](const ConstTensor& tensor) {
      return static_cast<const std::byte*>(tensor.data()) +
             (row * tensor.row_stride() + kv_head_ * tensor.shape()[2]) * kernels.element_bytes;
    };
    return {.first = first,
            .count = count,
            .kernels = &kernels,
            .keys = at(keys),
            .key_stride = keys.row_stride(),
            .values = at(values),
            .value_stride = values.row_stride()};
  }

  /// Visits each stretch together with the next, which is empty behind the last.
  template <class Visit>
  void for_each_stretch(std::int64_t first, std::int64_t end, const Visit& visit) const {
    Stretch stretch = stretch_at(first, end);
    for (std::int64_t t = first; t < end;) {
      t += stretch.count;
      const Stretch next = t < end ? stretch_at(t, end) : Stretch{};
      visit(stretch, next);
      stretch = next;
    }
  }

  std::int64_t slice_bytes(const Rows& rows) const {
    return plan_.head_dim * rows.kernels->element_bytes + rows.kernels->scale_bytes;
  }

  /// The rows as floats in whole vectors and close together, where that pays or has to be; else as they are.
  Rows prepare(const Rows& rows) const {
    if (!copies_) return rows;
    for (std::int64_t t = 0; t < rows.count; ++t) {
      rows.kernels->expand(rows.data + t * rows.stride_bytes(), plan_.head_dim, copy_ + t * plan_.padded_head_dim);
    }
    return {.kernels = &plan_.kernels.kv_f32,
            .data = reinterpret_cast<const std::byte*>(copy_),
            .stride = plan_.padded_head_dim,
            .count = rows.count};
  }

  void score(const Stretch& stretch, std::int64_t chunk_first, const Rows& next) const {
    const Rows keys = prepare(keys_of(stretch));
    keys.kernels->score_keys({.queries = queries_,
                              .query_stride = plan_.padded_head_dim,
                              .keys = keys.data,
                              .key_stride = keys.stride,
                              .num_keys = keys.count,
                              .depth = plan_.padded_head_dim,
                              .out = scores_ + stretch.first - chunk_first,
                              .out_stride = kChunk,
                              .num_queries = static_cast<int>(count_),
                              .prefetch = next.data,
                              .prefetch_stride_bytes = next.stride_bytes(),
                              .prefetch_bytes = slice_bytes(next)});
  }

  /// Turns a vector's scores of the chunk's keys into weights; a row does not see the rows below it, which the block's
  /// last row does.
  void weigh(std::int64_t j, std::int64_t chunk_first, std::int64_t num_keys, const Result& result) const {
    float* scores = scores_ + j * kChunk;
    const std::int64_t visible = std::clamp<std::int64_t>(num_visible(j) - chunk_first, 0, num_keys);
    const std::int64_t whole = (visible + plan_.lanes - 1) / plan_.lanes * plan_.lanes;
    std::fill(scores + visible, scores + whole, -std::numeric_limits<float>::infinity());
    const SoftmaxMoments moments = visible > 0
                                       ? plan_.kernels.softmax_row(scores, whole)
                                       : SoftmaxMoments{.max = -std::numeric_limits<float>::infinity(), .sum = 0};
    if (whole < num_keys) std::fill(scores + whole, scores + num_keys, 0.0F);
    result.maxima[j] = moments.max;
    result.sums[j] = moments.sum;
  }

  void add_values(const Stretch& stretch, std::int64_t chunk_first, const Rows& next, const Result& result) const {
    if (copies_ && next.count > 0) prefetch(next);
    const Rows values = prepare(values_of(stretch));
    values.kernels->add_values({.weights = scores_ + stretch.first - chunk_first,
                                .weight_stride = kChunk,
                                .values = values.data,
                                .value_stride = values.stride,
                                .num_keys = values.count,
                                .depth = plan_.padded_head_dim,
                                .out = result.out,
                                .out_stride = plan_.padded_head_dim,
                                .num_queries = static_cast<int>(count_),
                                .accumulate = stretch.first > chunk_first,
                                .prefetch = copies_ ? nullptr : next.data,
                                .prefetch_stride_bytes = copies_ || next.count == 0 ? 0 : next.stride_bytes()});
  }

  void prefetch(const Rows& rows) const {
    for (std::int64_t t = 0; t < rows.count; ++t) {
      const std::byte* row = rows.data + t * rows.stride_bytes();
      for (std::int64_t i = 0; i < slice_bytes(rows); i += kCacheLine) __builtin_prefetch(row + i, 0, 2);
    }
  }

  const Plan& plan_;
  const AttentionSegment& segment_;
  std::int64_t kv_head_;
  std::int64_t first_;     // query vector of the segment
  std::int64_t count_;     // query vectors of this block
  std::int64_t num_keys_;  // that the last of them sees
  bool copies_;            // keys and values, before they are multiplied
  float* scores_;          // [vectors_per_block, kChunk]
  float* queries_;         // [vectors_per_block, padded_head_dim], scaled
  float* copy_;            // [kMaxStretch, padded_head_dim]
  Result total_;
  Result chunk_;
};

}  // namespace

const KvKernels& kv_kernels(const KernelTable& kernels, DType dtype) {
  if (dtype == DType::kI8) return kernels.kv_int8;
  return dtype == DType::kBF16 ? kernels.kv_bf16 : kernels.kv_f32;
}

void cpu_attention(const KernelTable& kernels, ThreadTeam& team, AttentionScratch& scratch, const AttentionArgs& args) {
  const Plan plan(kernels, args, team.size());
  for (Scratch& one : scratch.of_threads) one.floats(plan.scratch_floats());
  const std::int64_t num_blocks = plan.num_blocks();
  // The last rows of a segment see the most keys: they go first, so that the threads end together.
  const auto block_of = [&](std::int64_t index, int thread) {
    std::int64_t left = num_blocks - 1 - index;
    const AttentionSegment* segment = args.segments.data();
    for (; left >= plan.blocks_of(*segment); ++segment) left -= plan.blocks_of(*segment);
    float* memory = scratch.of_threads[static_cast<std::size_t>(thread)].floats(plan.scratch_floats());
    return Block(plan, *segment, left % plan.num_kv_heads, left / plan.num_kv_heads, memory);
  };
  if (!plan.splits_chunks) {
    team.run(num_blocks, [&](std::int64_t task, int thread) { block_of(task, thread).run(); });
    return;
  }
  float* memory = scratch.chunks.floats(num_blocks * plan.max_chunks * plan.result_floats());
  const auto result_of = [&](std::int64_t block, std::int64_t chunk) {
    return Result(plan, memory + (block * plan.max_chunks + chunk) * plan.result_floats());
  };
  team.run(num_blocks * plan.max_chunks, [&](std::int64_t task, int thread) {
    const std::int64_t chunk = task % plan.max_chunks;
    const Block block = block_of(task / plan.max_chunks, thread);
    if (chunk < block.num_chunks()) block.run_chunk(chunk, result_of(task / plan.max_chunks, chunk));
  });
  team.run(num_blocks, [&](std::int64_t task, int thread) {
    const Block block = block_of(task, thread);
    const Result total = result_of(task, 0);
    for (std::int64_t chunk = 1; chunk < block.num_chunks(); ++chunk) block.merge(result_of(task, chunk), total);
    block.scatter(total);
  });
}

}  // namespace wedlm
