#include "wedlm/backend/cpu/attention_panels.h"

#include <algorithm>
#include <bit>

#include "wedlm/backend/cpu/prefetch.h"

namespace wedlm {
namespace {

constexpr std::int64_t kPagesAhead = 2;  // that are asked for while one is copied

std::int64_t whole_panels(const AttentionPlan& plan, std::int64_t count) {
  return (count + plan.kernels.panel_lanes - 1) / plan.kernels.panel_lanes * plan.kernels.panel_lanes;
}

}  // namespace

/// How products that are computed one after the other share the tokens that they ask for: two pieces each of as many
/// tokens. Pages have a power of two of them as a rule, and a piece should not end beyond its page.
struct PanelStrip::Pieces {
  std::int64_t num_products;
  std::int64_t num_tokens;  // of a piece

  Pieces(std::int64_t all_tokens, std::int64_t all_products)
      : num_products(static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(all_products)))),
        num_tokens(std::max<std::int64_t>(1, all_tokens / (2 * num_products))) {}
};

struct PanelStrip::Layout {
  std::int64_t queries;
  std::int64_t weights;
  std::int64_t panel;
  std::int64_t copies;  // of keys, and as many of values
  std::int64_t zeros;

  explicit Layout(const AttentionPlan& plan)
      : queries(rounded_floats(plan, plan.padded_head_dim)),
        weights(rounded_floats(plan, kAttentionChunk)),
        panel(std::max(whole_panels(plan, plan.head_dim), kAttentionChunk) / 2 * plan.kernels.panel_lanes),
        copies(kAttentionChunk * whole_panels(plan, plan.head_dim) / 2),
        zeros(whole_panels(plan, plan.head_dim) / 2) {}

  std::int64_t floats() const { return queries + weights + panel + 2 * copies + zeros; }

 private:
  static std::int64_t rounded_floats(const AttentionPlan& plan, std::int64_t depth) {
    return PairedRows(plan.kernels, plan.vectors_per_strip, depth).bytes() / static_cast<std::int64_t>(sizeof(float));
  }
};

bool PanelStrip::serves(const KernelTable& kernels, const AttentionArgs& args) {
  return kernels.bf16_format == PanelFormat::kBF16Pairs && args.pages.page_size > 0 &&
         args.pages.keys.dtype() != DType::kF32;
}

PanelStrip::PanelStrip(const AttentionPlan& plan, const AttentionSegment& segment, std::int64_t kv_head,
                       std::int64_t strip, float* scratch)
    : AttentionStrip(plan, segment, kv_head, strip, scratch),
      depth_(whole_panels(plan, plan.head_dim)),
      is_narrow_(count() <= plan.kernels.max_unpacked_rows && plan.padded_head_dim == depth_),
      slice_bytes_(plan.head_dim * plan.of_pages.element_bytes),
      reads_pages_(plan.args.pages.keys.dtype() == DType::kBF16 && plan.head_dim == depth_),
      rounded_queries_(plan.kernels, count(), plan.padded_head_dim) {
  const Layout layout(plan);
  float* memory = scratch + AttentionStrip::floats_for(plan);
  const auto take = [&memory](std::int64_t floats) {
    float* part = memory;
    memory += floats;
    return part;
  };
  query_memory_ = reinterpret_cast<std::byte*>(take(layout.queries));
  weight_memory_ = reinterpret_cast<std::byte*>(take(layout.weights));
  panel_ = reinterpret_cast<std::byte*>(take(layout.panel));
  key_copies_ = reinterpret_cast<std::uint16_t*>(take(layout.copies));
  value_copies_ = reinterpret_cast<std::uint16_t*>(take(layout.copies));
  zeros_ = reinterpret_cast<std::uint16_t*>(take(layout.zeros));
}

std::int64_t PanelStrip::floats_for(const AttentionPlan& plan) {
  return AttentionStrip::floats_for(plan) + Layout(plan).floats();
}

void PanelStrip::begin() {
  gather_queries();
  rounded_queries_.pack(queries(), plan().padded_head_dim, query_memory_);
  std::fill_n(zeros_, depth_, std::uint16_t{0});
}

void PanelStrip::attend(std::int64_t chunk, const AttentionResult& result) const {
  const AttentionArgs& args = plan().args;
  const std::int64_t first = chunk * kAttentionChunk;
  const std::int64_t end = std::min(first + kAttentionChunk, num_keys());
  Tokens keys, values;
  locate(args.pages.keys, args.keys, first, end, key_copies_, keys);
  locate(args.pages.values, args.values, first, end, value_copies_, values);
  score(keys, values, end - first);
  weigh(first, end - first, result);
  add_values(values, end - first, end, result);
}

/// Products of a panel ask for the values of as many tokens as there are keys in it.
void PanelStrip::score(const Tokens& keys, const Tokens& values, std::int64_t num_keys) const {
  const std::int64_t lanes = plan().kernels.panel_lanes;
  // Where products take less time than packing does, packing has to see to its memory itself.
  const bool asks_ahead = is_narrow_ || plan().kernels.max_tiled_rows > 0;
  MultiplyTile product = product_of(lanes, kAttentionChunk);
  const Pieces pieces(lanes, rounded_queries_.num_tiles());
  product.ahead.stride_bytes = pieces.num_tokens * slice_bytes_ / (depth_ / 2);
  for (std::int64_t t = 0; t < num_keys; t += lanes) {
    plan().kernels.pack_columns(keys.data() + t, depth_, asks_ahead, panel_);
    product.out = scores() + t;
    rounded_queries_.multiply(product, [&](std::int64_t tile, MultiplyTile& part) {
      if (!reads_pages_ || is_narrow_ || tile >= pieces.num_products) return;
      const std::uint16_t* const* piece = values.data() + t + 2 * tile * pieces.num_tokens;
      part.ahead.first = piece[0];
      part.ahead.second = piece[pieces.num_tokens];
    });
  }
}

/// Products ask for the keys of the next chunk, which begins with token `next`.
void PanelStrip::add_values(const Tokens& values, std::int64_t num_keys, std::int64_t next,
                            const AttentionResult& result) const {
  const KernelTable& kernels = plan().kernels;
  const std::int64_t lanes = kernels.panel_lanes;
  const std::int64_t num_columns = plan().padded_head_dim;
  PairedRows weights(kernels, count(), num_keys);
  weights.pack(scores(), kAttentionChunk, weight_memory_);
  MultiplyTile product = product_of(num_columns, num_columns);
  if (is_narrow_) {
    product.out = result.out;
    weights.multiply_inputs(values.data(), product);
    return;
  }
  const Pieces pieces(kAttentionChunk / (depth_ / lanes), weights.num_tiles());
  const auto key = [&](std::int64_t t) {
    return t < std::min(segment().prefix_length, this->num_keys()) ? slice_of_token(plan().args.pages.keys, t).numbers
                                                                   : nullptr;
  };
  product.ahead.stride_bytes = pieces.num_tokens * slice_bytes_ / ((num_keys + 1) / 2);
  for (std::int64_t d = 0; d < num_columns; d += lanes) {
    kernels.pack_inputs(values.data(), d, num_keys, panel_);
    product.num_columns = static_cast<int>(std::min(lanes, num_columns - d));
    product.out = result.out + d;
    weights.multiply(product, [&](std::int64_t tile, MultiplyTile& part) {
      if (tile >= pieces.num_products) return;
      part.ahead.first = key(next);
      part.ahead.second = key(next + pieces.num_tokens);
      next += 2 * pieces.num_tokens;
    });
  }
}

MultiplyTile PanelStrip::product_of(std::int64_t num_columns, std::int64_t out_stride) const {
  return {.panel = panel_,
          .panel_stride_bytes = std::int64_t{4} * plan().kernels.panel_lanes,
          .out_stride = out_stride,
          .num_columns = static_cast<int>(num_columns)};
}

/// Tokens that stand in whole panels of bfloat16 are read there; copies are made of others, in bfloat16.
void PanelStrip::locate(const Tensor& stored, const ConstTensor& rows, std::int64_t first, std::int64_t end,
                        std::uint16_t* copies, Tokens& tokens) const {
  const std::int64_t head_dim = plan().head_dim;
  const std::int64_t end_of_pages = std::min(end, segment().prefix_length);
  const std::uint16_t** token = tokens.data();
  const auto copy = [&](const KvKernels& kernels, const void* slice, const float* scale) {
    kernels.round(slice, scale, head_dim, copies);
    *token++ = copies;
    copies += depth_;
  };
  for (std::int64_t t = first, count = 0; t < end_of_pages; t += count) {
    count = std::min(left_in_page(t), end_of_pages - t);
    const Slice slice = slice_of_token(stored, t);
    if (reads_pages_) {
      for (std::int64_t i = 0; i < count; ++i) {
        *token++ = reinterpret_cast<const std::uint16_t*>(slice.numbers + i * slice_bytes_);
      }
      continue;
    }
    const std::int64_t later = t + kPagesAhead * plan().args.pages.page_size;
    const Slice ahead = later < segment().prefix_length ? slice_of_token(stored, later) : slice;
    if (ahead.scale != nullptr) {
      prefetch_bytes(reinterpret_cast<const std::byte*>(ahead.scale), count * static_cast<std::int64_t>(sizeof(float)));
    }
    for (std::int64_t i = 0; i < count; ++i) {
      copy(plan().of_pages, slice.numbers + i * slice_bytes_, slice.scale == nullptr ? nullptr : slice.scale + i);
      prefetch_bytes(ahead.numbers + i * slice_bytes_, slice_bytes_);
    }
  }
  for (std::int64_t t = std::max(first, end_of_pages); t < end; ++t) {
    copy(plan().kernels.kv_f32, row_of_token(rows, t), nullptr);
  }
  std::fill(token, static_cast<const std::uint16_t**>(tokens.data() + tokens.size()), zeros_);
}

}  // namespace wedlm
