#include "wedlm/backend/cpu/linear.h"

#include <algorithm>

#include "wedlm/backend/cpu/prefetch.h"

namespace wedlm {
namespace {

// So many rows, so deep, are taken at a time: they (512 KiB) stay in the second-level cache beside the part of a panel
// that all of them are multiplied with (64 KiB of bfloat16).
constexpr std::int64_t kCachedRows = 128;
constexpr std::int64_t kCachedDepth = 1024;  // a multiple of every group of inputs that share a scale
static_assert(kCachedDepth <= kTiledDepth);

// Panels that tile instructions multiply with all rows before the next are read stay there too: they are fast
// enough to wait for memory otherwise.
constexpr std::int64_t kStripBytes = std::int64_t{512} << 10;

/// The panels, or tiles of them, in rounds of a task for each thread: the first round takes half of them, and each
/// other half of what is left. Long stretches come first, which memory serves best, and short ones last, so that the
/// threads end together though one was held up.
class PanelTasks {
 public:
  PanelTasks(std::int64_t num_panels, int num_threads) : num_panels_(num_panels), num_threads_(num_threads) {}

  std::int64_t num_tasks() const { return num_threads_ * kRounds; }
  /// The first panel of a task; that of task num_tasks() comes after the last panel.
  std::int64_t first_panel(std::int64_t task) const {
    const std::int64_t round = task / num_threads_;
    const std::int64_t begin = end_of_rounds(round);
    const std::int64_t end = end_of_rounds(round + 1);
    return begin + (end - begin) * (task % num_threads_) / num_threads_;
  }

 private:
  static constexpr std::int64_t kRounds = 4;  // the last takes all that is left

  std::int64_t end_of_rounds(std::int64_t rounds) const {
    return rounds >= kRounds ? num_panels_ : num_panels_ - (num_panels_ >> rounds);
  }

  std::int64_t num_panels_;
  std::int64_t num_threads_;
};

class Product {
 public:
  Product(const KernelTable& kernels, const ConstTensor& x, const CpuWeight& weight, const float* bias)
      : kernels_(kernels),
        x_(&x),
        weight_(weight),
        bias_(bias),
        numbers_(row_numbers(weight, kernels)),
        is_tiled_(pays_tiles(kernels, weight.panel_format(), numbers_, x.rows())),
        is_rounded_(are_integers(numbers_) || (numbers_ == RowNumbers::kBF16 && !is_tiled_)),
        tiles_(x.rows(), max_rows()),
        layout_(weight, numbers_),
        rounded_(x.rows(), weight, numbers_, is_tiled_ ? &layout_ : nullptr),
        kernel_(kernel()) {}

  void run(ThreadTeam& team, Scratch& packed_rows, const Tensor& out) {
    pack(team, packed_rows);
    const PanelTasks tasks(weight_.num_panels(), team.size());
    const std::int64_t strip = panels_of_strip();
    team.run(tasks.num_tasks(), [&](std::int64_t task, int) {
      const std::int64_t end = tasks.first_panel(task + 1);
      for (std::int64_t first = tasks.first_panel(task); first < end; first += strip) {
        multiply_panels({.first_panel = first,
                         .end_panel = std::min(end, first + strip),
                         .out = out.row<float>(0) + first * weight_.lanes(),
                         .out_stride = out.row_stride()});
      }
    });
  }

  void run_in_tiles(ThreadTeam& team, Scratch& packed_rows, std::int64_t tile_features, float* tiles,
                    OutputReader& reader) {
    pack(team, packed_rows);
    const std::int64_t num_features = weight_.out_features();
    const std::int64_t panels_per_tile = tile_features / weight_.lanes();
    const PanelTasks tasks((num_features + tile_features - 1) / tile_features, team.size());
    team.run(tasks.num_tasks(), [&](std::int64_t task, int thread) {
      float* out = tiles + thread * x_->rows() * tile_features;
      const std::int64_t end = tasks.first_panel(task + 1);
      for (std::int64_t tile = tasks.first_panel(task); tile < end; ++tile) {
        const std::int64_t next_panel = (tile + 1) * panels_per_tile;
        multiply_panels({.first_panel = tile * panels_per_tile,
                         .end_panel = std::min(weight_.num_panels(), next_panel),
                         .out = out,
                         .out_stride = tile_features,
                         .next_panel = tile + 1 < end ? next_panel : kNoPanel});
        reader.read({.out = out,
                     .out_stride = tile_features,
                     .first_feature = tile * tile_features,
                     .num_features = std::min(tile_features, num_features - tile * tile_features)},
                    thread);
      }
    });
  }

 private:
  using Kernel = void (*)(const MultiplyTile& tile);
  static constexpr std::int64_t kNoPanel = -1;

  /// Panels that a thread multiplies one after the other, and where their outputs go.
  struct Stretch {
    std::int64_t first_panel = 0;
    std::int64_t end_panel = 0;
    float* out = nullptr;  // of the first row and the first panel
    std::int64_t out_stride = 0;
    std::int64_t next_panel = kNoPanel;  // that the thread will read next
  };

  /// A part of the depth of one panel.
  struct Slice {
    std::int64_t panel = 0;
    std::int64_t first_k = 0;
    std::int64_t end_k = 0;
    float* out = nullptr;  // of the first row
    std::int64_t out_stride = 0;
    std::int64_t next_panel = kNoPanel;  // of the next slice of the task
    std::int64_t next_k = 0;
  };

  void pack(ThreadTeam& team, Scratch& packed_rows) {
    if (is_rounded_) {
      rounded_.pack(*x_, tiles_, kernels_, team, packed_rows);
      tiled_ = rounded_.tiled();
    } else if (is_tiled_) {
      tiled_ = round_rows(*x_, tiles_, layout_, kernels_, team, packed_rows);
    } else {
      pack_floats(team, packed_rows);
    }
  }

  void pack_floats(ThreadTeam& team, Scratch& packed_rows) {
    const bool is_rotated = weight_.format().is_packed();
    if (is_strided() && !is_rotated) return;
    const std::int64_t size = x_->rows() * weight_.in_features();
    packed_ = packed_rows.floats(is_rotated ? 2 * size : size);
    if (is_rotated) {
      rotated_ = rotate_rows(*x_, kernels_, packed_ + size, team);
      x_ = &rotated_;
    }
    if (!is_strided()) pack_rows(*x_, tiles_, packed_, team);
  }

  int max_rows() const {
    if (is_tiled_) return kernels_.max_tiled_rows;
    if (are_integers(numbers_)) return integer_kernels(kernels_, numbers_).max_rows;
    if (is_rounded_) return kernels_.max_paired_rows;
    return is_strided() ? kernels_.max_strided_rows : kernels_.max_tile_rows;
  }

  static bool are_integers(RowNumbers numbers) {
    return numbers == RowNumbers::kShorts || numbers == RowNumbers::kBytes;
  }

  static bool pays_tiles(const KernelTable& kernels, PanelFormat format, RowNumbers numbers, std::int64_t num_rows) {
    if (numbers == RowNumbers::kFloats || kernels.max_tiled_rows == 0) return false;
    const IntegerKernels& integers = integer_kernels(kernels, numbers);
    if (format == PanelFormat::kInt8) return num_rows >= integers.min_tiled_int8_rows;
    return format != PanelFormat::kInt4 || num_rows >= integers.min_tiled_int4_rows;
  }

  Kernel kernel() const {
    const IntegerKernels& integers = integer_kernels(kernels_, numbers_);
    switch (weight_.panel_format()) {
      case PanelFormat::kBF16:
      case PanelFormat::kBF16Pairs:
        return kernels_.multiply_bf16;
      case PanelFormat::kInt8:
        return is_tiled_ ? integers.multiply_tiled_int8 : integers.multiply_int8;
      case PanelFormat::kInt4:
        return is_tiled_ ? integers.multiply_tiled_int4 : integers.multiply_int4;
      case PanelFormat::kF32:
        break;
    }
    return kernels_.multiply_f32;
  }

  std::int64_t panels_of_strip() const {
    if (!is_tiled_ || x_->rows() <= kCachedRows) return weight_.num_panels();
    return std::max<std::int64_t>(1, kStripBytes / weight_.panel_bytes());
  }

  /// So few rows are read where they stand.
  bool is_strided() const { return !is_rounded_ && !is_tiled_ && x_->rows() <= kernels_.max_strided_rows; }

  void multiply_panels(const Stretch& stretch) const {
    const std::int64_t depth = weight_.in_features();
    const std::int64_t num_tiles = tiles_.num_tiles();
    const std::int64_t depth_at_once = num_tiles == 1 && !is_tiled_ ? depth : kCachedDepth;
    const std::int64_t num_turns = (x_->rows() + kCachedRows - 1) / kCachedRows;
    for (std::int64_t turn = 0; turn < num_turns; ++turn) {
      const std::int64_t first_tile = num_tiles * turn / num_turns;
      const std::int64_t end_tile = num_tiles * (turn + 1) / num_turns;
      for (std::int64_t k = 0; k < depth; k += depth_at_once) {
        for (std::int64_t panel = stretch.first_panel; panel < stretch.end_panel; ++panel) {
          Slice slice{.panel = panel,
                      .first_k = k,
                      .end_k = std::min(depth, k + depth_at_once),
                      .out = stretch.out + (panel - stretch.first_panel) * weight_.lanes(),
                      .out_stride = stretch.out_stride};
          if (panel + 1 < stretch.end_panel) {
            slice.next_panel = panel + 1;
            slice.next_k = k;
          } else if (slice.end_k < depth) {
            slice.next_panel = stretch.first_panel;
            slice.next_k = slice.end_k;
          } else {
            slice.next_panel = stretch.next_panel;
          }
          multiply_tiles(first_tile, end_tile, slice);
        }
      }
    }
  }

  /// Each of these tiles fetches an equal part of the next slice, so that memory is busy all the time and not only
  /// while the first tile waits for it.
  void multiply_tiles(std::int64_t first_tile, std::int64_t end_tile, const Slice& slice) const {
    const std::int64_t panel = slice.panel;
    const std::int64_t k = slice.first_k;
    const std::int64_t num_tiles = end_tile - first_tile;
    const std::int64_t first_feature = panel * weight_.lanes();
    const std::int64_t stride_bytes = weight_.stride_bytes();
    const bool is_last = slice.end_k == weight_.in_features();
    MultiplyTile args{.panel = weight_.row(panel, k),
                      .panel_stride_bytes = stride_bytes,
                      .depth = slice.end_k - k,
                      .group_size = weight_.format().group_size,
                      .out_stride = slice.out_stride,
                      .bias = bias_ != nullptr && is_last ? bias_ + first_feature : nullptr,
                      .ahead = {.stride_bytes = num_tiles == 1 ? stride_bytes : stride_bytes / num_tiles},
                      .num_columns = static_cast<int>(
                          std::min<std::int64_t>(weight_.lanes(), weight_.out_features() - first_feature)),
                      .accumulate = k > 0};
    if (is_last || weight_.format().has_groups()) args.scales = weight_.scales(panel, k);
    const std::int64_t num_panel_rows = args.depth / weight_.inputs_per_row();
    const std::byte* ahead = nullptr;
    if (slice.next_panel != kNoPanel) {
      ahead = weight_.row(slice.next_panel, slice.next_k);
      prefetch_scales(slice.next_panel, slice.next_k, args.depth);
    }
    std::int64_t first_row = tiles_.first_row(first_tile);
    for (std::int64_t tile = first_tile; tile < end_tile; ++tile) {
      const std::int64_t end_row = tiles_.first_row(tile + 1);
      args.out = slice.out + first_row * slice.out_stride;
      if (ahead != nullptr) {
        args.ahead.first = ahead;
        args.ahead.second = ahead + args.ahead.stride_bytes / 2;
        ahead += num_panel_rows * args.ahead.stride_bytes;
      }
      set_rows(first_row, static_cast<int>(end_row - first_row), k, args);
      kernel_(args);
      first_row = end_row;
    }
  }

  /// Those of groups stand before the rows of a panel, where nothing else asks for them.
  void prefetch_scales(std::int64_t panel, std::int64_t k, std::int64_t depth) const {
    if (!weight_.format().has_groups()) return;
    const std::int64_t num_groups = (depth + weight_.format().group_size - 1) / weight_.format().group_size;
    prefetch_bytes(weight_.scales(panel, k), num_groups * weight_.stride_bytes());
  }

  void set_rows(std::int64_t first_row, int num_rows, std::int64_t k, MultiplyTile& args) const {
    const std::int64_t depth = weight_.in_features();
    args.num_rows = num_rows;
    if (is_rounded_) args.rounded = rounded_.from(first_row, num_rows, k);
    if (is_tiled_) {
      args.tiled = layout_.from(tiled_, first_row, k);
    } else if (is_strided()) {
      args.x = x_->row<float>(first_row) + k;
      args.x_row_stride = num_rows == 1 ? 1 : x_->row_stride();
      args.x_k_stride = 1;
    } else if (!is_rounded_) {
      args.x = packed_ + first_row * depth + k * num_rows;
      args.x_row_stride = 1;
      args.x_k_stride = num_rows;
    }
  }

  const KernelTable& kernels_;
  const ConstTensor* x_;  // where floats meet packed weights, `rotated_` once they are packed
  ConstTensor rotated_{};
  const CpuWeight& weight_;
  const float* bias_;
  RowNumbers numbers_;
  bool is_tiled_;    // for tile instructions
  bool is_rounded_;  // by RoundedTiles
  RowTiles tiles_;
  TiledLayout layout_;
  RoundedTiles rounded_;
  Kernel kernel_;
  float* packed_ = nullptr;
  const std::byte* tiled_ = nullptr;
};

}  // namespace

void cpu_linear(const KernelTable& kernels, ThreadTeam& team, Scratch& packed_rows, const ConstTensor& x,
                const CpuWeight& weight, const float* bias, const Tensor& out) {
  if (x.rows() > 0) Product(kernels, x, weight, bias).run(team, packed_rows, out);
}

void cpu_linear_in_tiles(const KernelTable& kernels, ThreadTeam& team, Scratch& packed_rows, const ConstTensor& x,
                         const CpuWeight& weight, std::int64_t tile_features, float* tiles, OutputReader& reader) {
  if (x.rows() > 0) Product(kernels, x, weight, nullptr).run_in_tiles(team, packed_rows, tile_features, tiles, reader);
}

}  // namespace wedlm
