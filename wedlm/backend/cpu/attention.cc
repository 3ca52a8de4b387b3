#include "wedlm/backend/cpu/attention.h"

#include <algorithm>
#include <limits>

#include "wedlm/backend/cpu/packing.h"

namespace wedlm {
namespace {

// Values are taken up in stretches that stay in the first-level cache while every query vector is multiplied with them.
constexpr std::int64_t kMaxStretch = 64;

/// Keys and values of consecutive tokens that stand at one stride in memory.
struct Stretch {
  std::int64_t first = 0;  // of the tokens that the segment sees
  std::int64_t count = 0;
  const float* keys = nullptr;
  std::int64_t key_stride = 0;
  const float* values = nullptr;
  std::int64_t value_stride = 0;
};

/// What is the same for all tasks.
struct Plan {
  const KernelTable& kernels;
  const AttentionArgs& args;
  std::int64_t head_dim;
  std::int64_t num_kv_heads;
  std::int64_t group;  // query heads of a kv head
  std::int64_t lanes;

  Plan(const KernelTable& kernel_table, const AttentionArgs& attention)
      : kernels(kernel_table),
        args(attention),
        head_dim(attention.queries.shape()[2]),
        num_kv_heads(attention.keys.shape()[1]),
        group(attention.queries.shape()[1] / num_kv_heads),
        lanes(kernel_table.panel_lanes) {}

  std::int64_t blocks_of(const AttentionSegment& segment) const {
    return (segment.num_rows * group + lanes - 1) / lanes;
  }

  /// Kernels read panels in whole vectors; other heads are copied to where there is room behind them.
  bool copies_values() const { return head_dim % (lanes / 2) != 0; }
  std::int64_t padded_head_dim() const { return (head_dim + lanes - 1) / lanes * lanes; }

  std::int64_t scratch_floats(std::int64_t num_keys) const {
    return num_keys * lanes + head_dim * lanes + lanes + lanes * head_dim +
           (copies_values() ? kMaxStretch * padded_head_dim() : 0);
  }
};

class Task {
 public:
  Task(const Plan& plan, const AttentionSegment& segment, std::int64_t kv_head, std::int64_t block, float* scratch)
      : plan_(plan),
        segment_(segment),
        kv_head_(kv_head),
        first_(block * plan.lanes),
        count_(std::min(plan.lanes, segment.num_rows * plan.group - first_)),
        last_row_((first_ + count_ - 1) / plan.group),
        num_keys_(segment.prefix_length + last_row_ + 1),
        num_columns_(static_cast<int>(count_ > plan.lanes / 2 ? plan.lanes : plan.lanes / 2)),
        scores_(scratch),
        queries_(scores_ + num_keys_ * plan.lanes),
        sums_(queries_ + plan.head_dim * plan.lanes),
        out_(sums_ + plan.lanes),
        padded_values_(out_ + plan.lanes * plan.head_dim) {}

  void run() const {
    gather_queries();
    for_each_stretch([this](const Stretch& stretch) { score(stretch); });
    mask_later_rows();
    plan_.kernels.softmax_columns(scores_, num_keys_, num_columns_, sums_);
    for_each_stretch([this](const Stretch& stretch) { add_values(stretch); });
    scatter_out();
  }

 private:
  std::int64_t row_of(std::int64_t vector) const { return segment_.first_row + (first_ + vector) / plan_.group; }
  std::int64_t offset_of(std::int64_t vector) const {
    return (kv_head_ * plan_.group + (first_ + vector) % plan_.group) * plan_.head_dim;
  }

  void gather_queries() const {
    if (count_ < num_columns_) std::fill_n(queries_, plan_.head_dim * plan_.lanes, 0.0F);
    for (std::int64_t j = 0; j < count_; ++j) {
      const float* query = plan_.args.queries.row<float>(row_of(j)) + offset_of(j);
      for (std::int64_t d = 0; d < plan_.head_dim; ++d) queries_[d * plan_.lanes + j] = query[d] * plan_.args.scale;
    }
  }

  /// Slots of a page and of those that follow it both in the sequence and in memory, as far as a stretch goes.
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

  /// Asks for the memory of all tokens at once: one head's part of each stands alone in a page of memory, where the
  /// processor's own prefetching does not find the next.
  void prefetch(const float* tokens, std::int64_t stride, std::int64_t count) const {
    constexpr std::int64_t kLineFloats = 16;
    for (std::int64_t t = 0; t < count; ++t) {
      for (std::int64_t d = 0; d < plan_.head_dim; d += kLineFloats) __builtin_prefetch(tokens + t * stride + d, 0, 2);
    }
  }

  template <class Visit>
  void for_each_stretch(const Visit& visit) const {
    const AttentionArgs& args = plan_.args;
    const std::int64_t offset = kv_head_ * plan_.head_dim;
    const std::int64_t prefix = segment_.prefix_length;
    for (std::int64_t t = 0; t < prefix;) {
      const std::int64_t entry = t % args.block_size;
      const std::int64_t slot = segment_.block_table[t / args.block_size] * args.block_size + entry;
      const std::int64_t count = std::min({run_length(t / args.block_size) - entry, prefix - t, kMaxStretch});
      visit({.first = t,
             .count = count,
             .keys = args.pages.keys.row<float>(slot) + offset,
             .key_stride = args.pages.keys.row_stride(),
             .values = args.pages.values.row<float>(slot) + offset,
             .value_stride = args.pages.values.row_stride()});
      t += count;
    }
    for (std::int64_t t = prefix; t < num_keys_; t += kMaxStretch) {
      const std::int64_t row = segment_.first_row + t - prefix;
      visit({.first = t,
             .count = std::min(num_keys_ - t, kMaxStretch),
             .keys = args.keys.row<float>(row) + offset,
             .key_stride = args.keys.row_stride(),
             .values = args.values.row<float>(row) + offset,
             .value_stride = args.values.row_stride()});
    }
  }

  void score(const Stretch& stretch) const {
    prefetch(stretch.keys, stretch.key_stride, stretch.count);
    const RowTiles tiles(stretch.count, plan_.kernels.max_strided_rows);
    for (std::int64_t tile = 0; tile < tiles.num_tiles(); ++tile) {
      const std::int64_t t = tiles.first_row(tile);
      const int num_rows = tiles.num_rows(tile);
      plan_.kernels.multiply_f32({.x = stretch.keys + t * stretch.key_stride,
                                  .x_row_stride = num_rows == 1 ? 1 : stretch.key_stride,
                                  .x_k_stride = 1,
                                  .panel = queries_,
                                  .panel_stride_bytes = plan_.lanes * static_cast<std::int64_t>(sizeof(float)),
                                  .depth = plan_.head_dim,
                                  .out = scores_ + (stretch.first + t) * plan_.lanes,
                                  .out_stride = plan_.lanes,
                                  .num_rows = num_rows,
                                  .num_columns = num_columns_});
    }
  }

  /// A row of the block does not see the rows below it, which the block's last row does.
  void mask_later_rows() const {
    for (std::int64_t row = first_ / plan_.group + 1; row <= last_row_; ++row) {
      const std::int64_t num_above = row * plan_.group - first_;
      std::fill_n(scores_ + (segment_.prefix_length + row) * plan_.lanes, num_above,
                  -std::numeric_limits<float>::infinity());
    }
  }

  void add_values(Stretch stretch) const {
    prefetch(stretch.values, stretch.value_stride, stretch.count);
    if (plan_.copies_values()) {
      for (std::int64_t t = 0; t < stretch.count; ++t) {
        float* to = padded_values_ + t * plan_.padded_head_dim();
        std::fill_n(std::copy_n(stretch.values + t * stretch.value_stride, plan_.head_dim, to),
                    plan_.padded_head_dim() - plan_.head_dim, 0.0F);
      }
      stretch.values = padded_values_;
      stretch.value_stride = plan_.padded_head_dim();
    }
    const RowTiles tiles(count_, plan_.kernels.max_tile_rows);
    for (std::int64_t d = 0; d < plan_.head_dim; d += plan_.lanes) {
      for (std::int64_t tile = 0; tile < tiles.num_tiles(); ++tile) {
        const std::int64_t j = tiles.first_row(tile);
        plan_.kernels.multiply_f32(
            {.x = scores_ + stretch.first * plan_.lanes + j,
             .x_row_stride = 1,
             .x_k_stride = plan_.lanes,
             .panel = stretch.values + d,
             .panel_stride_bytes = stretch.value_stride * static_cast<std::int64_t>(sizeof(float)),
             .depth = stretch.count,
             .out = out_ + j * plan_.head_dim + d,
             .out_stride = plan_.head_dim,
             .num_rows = tiles.num_rows(tile),
             .num_columns = static_cast<int>(std::min(plan_.lanes, plan_.head_dim - d)),
             .accumulate = stretch.first > 0});
      }
    }
  }

  void scatter_out() const {
    for (std::int64_t j = 0; j < count_; ++j) {
      const float* from = out_ + j * plan_.head_dim;
      float* to = plan_.args.out.row<float>(row_of(j)) + offset_of(j);
      for (std::int64_t d = 0; d < plan_.head_dim; ++d) to[d] = from[d] / sums_[j];
    }
  }

  const Plan& plan_;
  const AttentionSegment& segment_;
  std::int64_t kv_head_;
  std::int64_t first_;     // query vector of the segment
  std::int64_t count_;     // query vectors of this task
  std::int64_t last_row_;  // of the segment that one of them belongs to
  std::int64_t num_keys_;  // that this row sees
  int num_columns_;        // lanes in use, in whole vectors
  float* scores_;          // [num_keys, lanes]
  float* queries_;         // [head_dim, lanes], scaled
  float* sums_;            // [lanes]
  float* out_;             // [lanes, head_dim]
  float* padded_values_;   // [kMaxStretch, padded_head_dim] where values are copied
};

}  // namespace

void cpu_attention(const KernelTable& kernels, ThreadTeam& team, std::vector<Scratch>& scratch,
                   const AttentionArgs& args) {
  const Plan plan(kernels, args);
  std::int64_t num_tasks = 0;
  std::int64_t max_keys = 0;
  for (const AttentionSegment& segment : args.segments) {
    num_tasks += plan.blocks_of(segment) * plan.num_kv_heads;
    max_keys = std::max(max_keys, segment.prefix_length + segment.num_rows);
  }
  for (Scratch& one : scratch) one.floats(plan.scratch_floats(max_keys));
  team.run(num_tasks, [&](std::int64_t task, int thread) {
    // The last rows of a segment see the most keys: they go first, so that the threads end together.
    std::int64_t left = num_tasks - 1 - task;
    for (const AttentionSegment& segment : args.segments) {
      const std::int64_t blocks = plan.blocks_of(segment);
      if (left < blocks * plan.num_kv_heads) {
        float* memory = scratch[static_cast<std::size_t>(thread)].floats(plan.scratch_floats(max_keys));
        Task(plan, segment, left % plan.num_kv_heads, left / plan.num_kv_heads, memory).run();
        return;
      }
      left -= blocks * plan.num_kv_heads;
    }
  });
}

}  // namespace wedlm
