// The layout in which the CPU multiplies: weights in panels of as many output features as two vectors hold, and rows of
// activations in tiles.
//
// Features f = panel * lanes + j; panel p holds, for k = 0, 1, ..., its lanes one after the other, so that a product
// reads memory from front to back exactly once. The last panel is filled up with zeros. Example with 4 lanes, 6
// features and 2 inputs: [w00 w10 w20 w30][w01 w11 w21 w31] [w40 w50 0 0][w41 w51 0 0].
//
// bfloat16 stays bfloat16, in one of the orders that kernel_table.h describes; float32 stays; float16 becomes float32,
// because expanding it costs more than the bandwidth it saves on machines without native arithmetic for it. Packed
// formats lie as weight_panels.h says, where the memory may be that of a checkpoint's file. All layouts are drawn in
// docs/decisions/layouts.md.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>

#include "wedlm/backend/backend.h"
#include "wedlm/backend/cpu/isa/kernel_table.h"
#include "wedlm/backend/cpu/scratch.h"
#include "wedlm/backend/weight_panels.h"
#include "wedlm/base/thread_team.h"

namespace wedlm {

class CpuWeight final : public PackedWeight {
 public:
  CpuWeight(std::int64_t out_features, std::int64_t in_features, const WeightFormat& format, PanelFormat panel_format,
            int lanes);
  /// Looks at panels that somebody else keeps.
  explicit CpuWeight(const PackedMatrix& packed);

  std::size_t bytes() const override { return static_cast<std::size_t>(num_panels_ * panel_bytes_); }
  PanelFormat panel_format() const { return panel_format_; }
  int lanes() const { return lanes_; }
  std::int64_t num_panels() const { return num_panels_; }
  /// Inputs that one panel row holds.
  std::int64_t inputs_per_row() const { return std::int64_t{1} << log2_inputs_per_row_; }
  /// Bytes of one panel row.
  std::int64_t stride_bytes() const { return stride_bytes_; }
  std::int64_t panel_bytes() const { return panel_bytes_; }
  /// The panel row of input k, the first of its inputs.
  const std::byte* row(std::int64_t p, std::int64_t k) const {
    return panel(p) + scale_bytes_ + (k >> log2_inputs_per_row_) * stride_bytes_;
  }
  const std::byte* panel(std::int64_t p) const { return data_ + p * panel_bytes_; }
  /// The scales of the group of input k, as MultiplyTile describes them; nullptr where the format has none.
  const std::byte* scales(std::int64_t p, std::int64_t k) const;
  /// Memory of its own to be filled; nullptr where it only looks at some.
  std::byte* memory() const { return static_cast<std::byte*>(buffer_.data()); }
  /// Of a packed format.
  WeightPanels panels() const { return {out_features(), in_features(), format(), lanes_}; }

 private:
  CpuWeight(std::int64_t out_features, std::int64_t in_features, const WeightFormat& format, PanelFormat panel_format,
            int lanes, const std::byte* data);

  PanelFormat panel_format_;
  int lanes_;
  // Kept, because a product asks for them with each panel, and a division takes as long as some rows of one.
  int log2_inputs_per_row_;
  std::int64_t num_panels_;
  std::int64_t stride_bytes_;
  std::int64_t scale_bytes_;  // before the rows of a panel
  std::int64_t panel_bytes_;
  std::int64_t inputs_per_group_;
  Buffer buffer_;
  const std::byte* data_;  // the buffer's, or what somebody else keeps
};

/// Packs the parts, stacked along the outputs, as `kernels` take them, on all threads of `team`. Throws as
/// Backend::pack().
std::unique_ptr<CpuWeight> pack_weight(std::span<const ConstTensor> parts, const WeightFormat& format,
                                       const KernelTable& kernels, ThreadTeam& team);

/// Looks at the panels where they have these lanes and are aligned for vectors, else packs their values anew.
std::unique_ptr<CpuWeight> adopt_weight(const PackedMatrix& packed, int lanes, ThreadTeam& team);

/// A batch of rows cut into tiles of nearly equal height, none above `max_tile_rows`.
class RowTiles {
 public:
  RowTiles(std::int64_t num_rows, int max_tile_rows)
      : num_rows_(num_rows), num_tiles_((num_rows + max_tile_rows - 1) / max_tile_rows) {}

  std::int64_t num_tiles() const { return num_tiles_; }
  std::int64_t first_row(std::int64_t tile) const { return num_rows_ * tile / num_tiles_; }
  int num_rows(std::int64_t tile) const { return static_cast<int>(first_row(tile + 1) - first_row(tile)); }
  std::int64_t tile_of(std::int64_t row) const {
    const std::int64_t tile = row * num_tiles_ / num_rows_;
    return first_row(tile + 1) <= row ? tile + 1 : tile;
  }

 private:
  std::int64_t num_rows_;
  std::int64_t num_tiles_;
};

/// Rotated rows as they meet packed weights, in memory of `to`.     x [rows, n], to [rows, n]
ConstTensor rotate_rows(const ConstTensor& x, const KernelTable& kernels, float* to, ThreadTeam& team);

/// Transposes the rows of each tile: packed[first_row(tile) * n + k * num_rows(tile) + r]. One stream instead of one
/// for each row, whose equal low address bits would otherwise throw each other out of the cache.     x [rows, n]
void pack_rows(const ConstTensor& x, const RowTiles& tiles, float* packed, ThreadTeam& team);

/// What a level rounds rows to where they meet a weight.
enum class RowNumbers : std::uint8_t {
  kFloats,  // they stay as they are
  kBF16,    // for weights of bfloat16 in pairs
  kShorts,  // integers of 16 bits, for integers
  kBytes,   // integers of 8 bits, for integers
};

RowNumbers row_numbers(const CpuWeight& weight, const KernelTable& kernels);

/// Of weights of this type, as the level multiplies them.
const Multiplier& multiplier_of(WeightType type, const KernelTable& kernels);

/// The products of integer weights with such rows.
const IntegerKernels& integer_kernels(const KernelTable& kernels, RowNumbers numbers);

/// Where the parts of a row's inputs stand among TiledRows, for one weight.
class TiledLayout {
 public:
  TiledLayout(const CpuWeight& weight, RowNumbers numbers)
      : TiledLayout(weight.in_features(),
                    weight.format().has_groups()
                        ? static_cast<int>(std::min<std::int64_t>(kTileRowBytes, weight.format().group_size))
                        : kTileRowBytes,
                    numbers) {}
  /// Of rows of bfloat16.
  explicit TiledLayout(std::int64_t depth) : TiledLayout(depth, kTileRowBytes, RowNumbers::kBF16) {}

  /// Inputs of a step.
  int step_inputs() const { return step_inputs_; }
  std::int64_t row_bytes() const { return row_bytes_; }

  /// Of one row: part 0 of its first step, and the bytes to its next part and to its next step.
  struct Place {
    std::byte* first;
    std::int64_t part_stride;
    std::int64_t step_stride;
  };
  /// Of row `r` of a tile.
  Place place(std::byte* memory, std::int64_t first_row, int num_rows, std::int64_t r) const {
    const RowTiles slabs(num_rows, kTileRows);
    const std::int64_t slab = slabs.tile_of(r);
    const std::int64_t first_of_slab = slabs.first_row(slab);
    const std::int64_t part_stride = std::int64_t{slabs.num_rows(slab)} * step_bytes_;
    return {memory + (first_row + first_of_slab) * row_bytes_ + (r - first_of_slab) * step_bytes_, part_stride,
            num_parts_ * part_stride};
  }

  /// The tile that begins with `first_row`, from input `k` on, which begins a step.
  TiledRows from(const std::byte* memory, std::int64_t first_row, std::int64_t k) const {
    return {.slabs = memory + first_row * row_bytes_,
            .row_bytes = row_bytes_,
            .first_step = k / step_inputs_,
            .step_bytes = step_bytes_};
  }

 private:
  TiledLayout(std::int64_t depth, int step_bytes, RowNumbers numbers)
      : step_bytes_(step_bytes),
        step_inputs_(numbers == RowNumbers::kBF16 ? step_bytes / 2 : step_bytes),
        num_parts_(numbers == RowNumbers::kShorts ? kIntegerParts : 1),
        row_bytes_((depth + step_inputs_ - 1) / step_inputs_ * num_parts_ * step_bytes) {}

  int step_bytes_;
  int step_inputs_;
  int num_parts_;
  std::int64_t row_bytes_;
};

/// Rounds the rows of each tile to bfloat16. Returns the memory, of `scratch`.     x [rows, n]
std::byte* round_rows(const ConstTensor& x, const RowTiles& tiles, const TiledLayout& layout,
                      const KernelTable& kernels, ThreadTeam& team, Scratch& scratch);

/// Rows in bfloat16, as the products of a level take them; one thread rounds them and multiplies.
class PairedRows {
 public:
  PairedRows(const KernelTable& kernels, std::int64_t num_rows, std::int64_t depth)
      : kernels_(&kernels),
        num_rows_(num_rows),
        depth_(depth),
        tiles_(num_rows, kernels.max_tiled_rows > 0 ? kernels.max_tiled_rows : kernels.max_paired_rows),
        layout_(depth) {}

  std::int64_t bytes() const { return num_rows_ * layout_.row_bytes(); }

  /// Rounds the rows at `x`, `row_stride` elements apart, into `memory` of bytes().
  void pack(const float* x, std::int64_t row_stride, std::byte* memory);

  std::int64_t num_tiles() const { return tiles_.num_tiles(); }
  /// Multiplies tile by tile. `product` has the panel, and where the outputs of all rows go; ask_for(tile, product) may
  /// set what a tile shall ask for.
  template <class AskFor>
  void multiply(MultiplyTile product, const AskFor& ask_for) const {
    float* out = product.out;
    for (std::int64_t tile = 0, first_row = 0, end = 0; tile < num_tiles(); ++tile, first_row = end) {
      end = tiles_.first_row(tile + 1);
      product.out = out + first_row * product.out_stride;
      set_rows(first_row, end - first_row, product);
      ask_for(tile, product);
      kernels_->multiply_bf16(product);
    }
  }
  /// As KernelTable::multiply_inputs, of rows that are so few that they are one tile.
  void multiply_inputs(const std::uint16_t* const* inputs, MultiplyTile product) const {
    set_rows(0, num_rows_, product);
    kernels_->multiply_inputs(inputs, product);
  }

 private:
  std::int32_t* pairs_of(std::int64_t first_row) const {
    return reinterpret_cast<std::int32_t*>(memory_ + first_row * layout_.row_bytes());
  }
  void set_rows(std::int64_t first_row, std::int64_t num_rows, MultiplyTile& product) const {
    product.depth = depth_;
    product.num_rows = static_cast<int>(num_rows);
    if (kernels_->max_tiled_rows > 0) {
      product.tiled = layout_.from(memory_, first_row, 0);
    } else {
      product.rounded.words = pairs_of(first_row);
    }
  }

  const KernelTable* kernels_;
  std::int64_t num_rows_;
  std::int64_t depth_;
  RowTiles tiles_;
  TiledLayout layout_;  // transposed rows take as many bytes as tiled ones
  std::byte* memory_ = nullptr;
};

/// The rows of each tile rounded to 16 or 8 bits, and transposed or tiled, for weights of one format. Those that meet
/// integers are rotated first.
class RoundedTiles {
 public:
  /// Tiled where there is a `layout`, which lives as long as this.
  RoundedTiles(std::int64_t num_rows, const CpuWeight& weight, RowNumbers numbers, const TiledLayout* layout)
      : numbers_(numbers),
        depth_(weight.in_features()),
        inputs_per_panel_row_(weight.inputs_per_row()),
        layout_(layout),
        inputs_per_word_(numbers == RowNumbers::kBytes ? 4 : 2),
        num_words_(layout != nullptr ? layout->row_bytes() / kBytesOfWord
                                     : (depth_ + kInputsAtOnce - 1) / kInputsAtOnce * kInputsAtOnce / inputs_per_word_),
        num_sections_((depth_ + kRoundingSection - 1) / kRoundingSection),
        group_size_(inputs_per_sum(weight, numbers)),
        num_groups_(group_size_ == 0 ? 0 : (depth_ + group_size_ - 1) / group_size_),
        num_rows_(num_rows) {}

  /// Rounds the rows of `x` [rows, depth] on all threads of `team`, into memory of `scratch`.
  void pack(const ConstTensor& x, const RowTiles& tiles, const KernelTable& kernels, ThreadTeam& team,
            Scratch& scratch);
  /// The tile that begins with `first_row`, from input `k` on, which begins a section.
  RoundedRows from(std::int64_t first_row, int num_rows, std::int64_t k) const;
  /// What is tiled, as the layout says.
  const std::byte* tiled() const { return reinterpret_cast<const std::byte*>(words_); }

 private:
  static constexpr std::int64_t kBytesOfWord = 4;
  // Rows are filled up with zeros to a multiple of this, so that every panel row, of up to 8 inputs, finds all of its
  // own.
  static constexpr std::int64_t kInputsAtOnce = 8;

  /// Inputs whose values are summed, because an offset of the weights is multiplied by that; 0 where there is none.
  static std::int64_t inputs_per_sum(const CpuWeight& weight, RowNumbers numbers) {
    if (weight.format().has_groups()) return weight.format().group_size;
    return numbers == RowNumbers::kBytes ? kRoundingSection : 0;
  }

  /// One section of row `r` of a tile, to integers.
  void round_section(const ConstTensor& x, const RowTiles& tiles, std::int64_t tile, int r, std::int64_t section,
                     const KernelTable& kernels) const;

  RowNumbers numbers_;
  std::int64_t depth_;
  std::int64_t inputs_per_panel_row_;
  const TiledLayout* layout_;  // null where rows are transposed
  std::int64_t inputs_per_word_;
  std::int64_t num_words_;     // of a row
  std::int64_t num_sections_;  // of a row
  std::int64_t group_size_;
  std::int64_t num_groups_;  // of a row, whose values are summed; 0 where nobody needs it
  std::int64_t num_rows_;
  // All three tile by tile, and as RoundedRows within a tile; the first as TiledRows where it is tiled.
  std::int32_t* words_ = nullptr;
  float* scales_ = nullptr;
  std::int32_t* sums_ = nullptr;
};

}  // namespace wedlm
