#include "wedlm/backend/cpu/packing.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>
#include <vector>

#include "wedlm/backend/op_checks.h"
#include "wedlm/backend/source_pages.h"
#include "wedlm/backend/stacked_rows.h"
#include "wedlm/base/error.h"
#include "wedlm/tensor/rotation.h"

namespace wedlm {
namespace {

static_assert(traits_of(WeightType::kInt4).bias == kInt4Bias, "kernels and panels mean the same integers");

constexpr std::int64_t kColumnsAtOnce = 32;  // of the source: a cache line or two of each row
constexpr std::int64_t kMinPackedDepth = 256;
constexpr std::int64_t kMinRoundedElements = 4096;  // so many are worth another thread

/// Columns [first, end) of one feature into its lane.
void pack_f32(DType dtype, const std::byte* row, std::int64_t first, std::int64_t end, int lane,
              const CpuWeight& weight, std::byte* panel) {
  float values[kColumnsAtOnce];
  to_f32(dtype, row + static_cast<std::size_t>(first) * dtype_bytes(dtype), values,
         static_cast<std::size_t>(end - first));
  auto* to = reinterpret_cast<float*>(panel) + lane;
  for (std::int64_t k = first; k < end; ++k) to[k * weight.lanes()] = values[k - first];
}

void pack_bf16(const std::byte* row, std::int64_t first, std::int64_t end, int lane, const CpuWeight& weight,
               std::byte* panel) {
  const bool in_pairs = weight.panel_format() == PanelFormat::kBF16Pairs;
  const int words_per_row = in_pairs ? weight.lanes() : weight.lanes() / 2;
  const auto* from = reinterpret_cast<const std::uint16_t*>(row);
  auto* words = reinterpret_cast<std::uint32_t*>(panel) + lane % words_per_row;
  for (std::int64_t k = first; k < end; ++k) {
    const bool is_high = in_pairs ? k % 2 != 0 : lane >= words_per_row;
    std::uint32_t& word = words[k / weight.inputs_per_row() * words_per_row];
    word = is_high ? (word & 0xFFFFU) | std::uint32_t{from[k]} << 16 : (word & 0xFFFF0000U) | from[k];
  }
}

/// Rounds to bfloat16 what is not yet.
void round_to_bf16(DType dtype, const std::byte* row, std::int64_t size, std::vector<float>& values,
                   std::vector<std::uint16_t>& rounded) {
  to_f32(dtype, row, values.data(), static_cast<std::size_t>(size));
  for (std::size_t k = 0; k < static_cast<std::size_t>(size); ++k) rounded[k] = f32_to_bf16(values[k]);
}

/// Of a packed format.
PanelFormat packed_panel_format(WeightType type) {
  switch (type) {
    case WeightType::kInt8:
      return PanelFormat::kInt8;
    case WeightType::kInt4:
      return PanelFormat::kInt4;
    case WeightType::kStored:
    case WeightType::kBF16:
      break;
  }
  throw InternalError(std::string(weight_type_name(type)) + " weights are not packed");
}

PanelFormat panel_format_of(const WeightFormat& format, DType dtype, PanelFormat bf16_format) {
  if (format.is_packed()) return packed_panel_format(format.type);
  return format.traits().rounded_to.value_or(dtype) == DType::kBF16 ? bf16_format : PanelFormat::kF32;
}

int log2_inputs_per_row(PanelFormat format) {
  return std::countr_zero(static_cast<unsigned>(kInputsPerPanelRow[static_cast<std::size_t>(format)]));
}

/// Fills the panels of one weight of floats. Each thread has a row of its own to convert in.
class PanelPacker {
 public:
  PanelPacker(std::span<const ConstTensor> parts, const CpuWeight& weight, int num_threads)
      : rows_(parts), dtype_(parts[0].dtype()), weight_(weight), scratch_(static_cast<std::size_t>(num_threads)) {
    if (!is_rounded()) return;
    const auto depth = static_cast<std::size_t>(weight.in_features());
    for (RowScratch& scratch : scratch_) {
      scratch.values.resize(depth);
      scratch.rounded.resize(depth);
    }
  }

  void pack(std::int64_t p, int thread) {
    std::byte* panel = weight_.memory() + p * weight_.panel_bytes();
    std::memset(panel, 0, static_cast<std::size_t>(weight_.panel_bytes()));
    const std::int64_t first_feature = p * weight_.lanes();
    const std::int64_t rest = weight_.out_features() - first_feature;
    const auto num_features = static_cast<int>(std::min<std::int64_t>(weight_.lanes(), rest));
    const std::int64_t depth = weight_.in_features();
    if (is_rounded()) {
      RowScratch& scratch = scratch_[static_cast<std::size_t>(thread)];
      const auto* rounded = reinterpret_cast<const std::byte*>(scratch.rounded.data());
      for (int lane = 0; lane < num_features; ++lane) {
        round_to_bf16(dtype_, rows_.row(first_feature + lane), depth, scratch.values, scratch.rounded);
        pack_bf16(rounded, 0, depth, lane, weight_, panel);
      }
      return;
    }
    for (std::int64_t k = 0; k < depth; k += kColumnsAtOnce) {
      const std::int64_t end = std::min(depth, k + kColumnsAtOnce);
      for (int lane = 0; lane < num_features; ++lane) {
        const std::byte* row = rows_.row(first_feature + lane);
        if (weight_.panel_format() == PanelFormat::kF32) {
          pack_f32(dtype_, row, k, end, lane, weight_, panel);
        } else {
          pack_bf16(row, k, end, lane, weight_, panel);
        }
      }
    }
  }

 private:
  struct RowScratch {
    std::vector<float> values;           // [in_features]
    std::vector<std::uint16_t> rounded;  // [in_features]
  };

  /// Whether the parts are to become bfloat16 and are not yet.
  bool is_rounded() const { return weight_.format().traits().rounded_to == DType::kBF16 && dtype_ != DType::kBF16; }

  StackedRows rows_;
  DType dtype_;
  const CpuWeight& weight_;
  std::vector<RowScratch> scratch_;
};

/// Eight values of 16 bits.
struct EightValues {
  explicit EightValues(const std::int16_t* values) { std::memcpy(fours, values, sizeof fours); }

  /// One byte of each, `shift` bits from below, in the order that words of rows have for panel rows of 8 or 4 inputs.
  std::uint64_t bytes(int shift, std::int64_t inputs_per_panel_row) const {
    constexpr std::uint64_t kLowBytes = 0x00FF00FF00FF00FF;
    const std::uint64_t first = fours[0] >> shift & kLowBytes;
    const std::uint64_t second = fours[1] >> shift & kLowBytes;
    if (inputs_per_panel_row == 8) return first | second << 8;                    // 0 4 1 5 2 6 3 7
    return ((first | first >> 24) & 0xFFFFFFFF) | (second | second >> 24) << 32;  // 0 2 1 3, 4 6 5 7
  }

  std::uint64_t fours[2];
};

/// The high and low bytes of `count` values, a multiple of 8.
void split_values(const std::int16_t* values, int count, std::int64_t inputs_per_panel_row, std::byte* high,
                  std::byte* low) {
  for (int i = 0; i < count; i += 8) {
    const EightValues eight(values + i);
    const std::uint64_t low_bytes = eight.bytes(0, inputs_per_panel_row);
    const std::uint64_t high_bytes = eight.bytes(8, inputs_per_panel_row);
    std::memcpy(low + i, &low_bytes, sizeof low_bytes);
    std::memcpy(high + i, &high_bytes, sizeof high_bytes);
  }
}

/// What rows are rounded to where they meet integers of this type.
RowNumbers numbers_for(WeightType type, const KernelTable& kernels) {
  const auto multiplies = [type](const IntegerKernels& by) {
    return (type == WeightType::kInt4 ? by.multiply_int4 : by.multiply_int8) != nullptr;
  };
  if (multiplies(kernels.by_bytes)) return RowNumbers::kBytes;
  return multiplies(kernels.by_shorts) ? RowNumbers::kShorts : RowNumbers::kFloats;
}

/// `count` values of 8 bits, a multiple of 8.
void narrow_values(const std::int16_t* values, int count, std::int64_t inputs_per_panel_row, std::byte* to) {
  for (int i = 0; i < count; i += 8) {
    const std::uint64_t bytes = EightValues(values + i).bytes(0, inputs_per_panel_row);
    std::memcpy(to + i, &bytes, sizeof bytes);
  }
}

}  // namespace

CpuWeight::CpuWeight(std::int64_t out_features, std::int64_t in_features, const WeightFormat& format,
                     PanelFormat panel_format, int lanes)
    : CpuWeight(out_features, in_features, format, panel_format, lanes, nullptr) {
  buffer_ = allocate_host_to_read(bytes());
  data_ = memory();
}

CpuWeight::CpuWeight(const PackedMatrix& packed)
    : CpuWeight(packed.layout.out_features, packed.layout.in_features, packed.layout.format,
                packed_panel_format(packed.layout.format.type), packed.layout.lanes, packed.data) {}

CpuWeight::CpuWeight(std::int64_t out_features, std::int64_t in_features, const WeightFormat& format,
                     PanelFormat panel_format, int lanes, const std::byte* data)
    : PackedWeight(out_features, in_features, format),
      panel_format_(panel_format),
      lanes_(lanes),
      log2_inputs_per_row_(log2_inputs_per_row(panel_format)),
      num_panels_((out_features + lanes - 1) / lanes),
      stride_bytes_(std::int64_t{lanes} * (panel_format == PanelFormat::kBF16 ? 2 : 4)),
      scale_bytes_(format.is_packed() ? panels().scale_bytes() : 0),
      panel_bytes_(scale_bytes_ + (in_features + inputs_per_row() - 1) / inputs_per_row() * stride_bytes_),
      inputs_per_group_(format.inputs_per_group(in_features)),
      data_(data) {}

const std::byte* CpuWeight::scales(std::int64_t p, std::int64_t k) const {
  if (!format().is_packed()) return nullptr;
  return panel(p) + k / inputs_per_group_ * stride_bytes_;
}

std::unique_ptr<CpuWeight> pack_weight(std::span<const ConstTensor> parts, const WeightFormat& format,
                                       const KernelTable& kernels, ThreadTeam& team) {
  const std::int64_t out_features = check_pack(parts, format);
  const PanelFormat panel_format = panel_format_of(format, parts[0].dtype(), kernels.bf16_format);
  auto weight =
      std::make_unique<CpuWeight>(out_features, parts[0].shape()[1], format, panel_format, kernels.panel_lanes);
  if (format.is_packed()) {
    pack_panels(parts, weight->panels(), 0, weight->num_panels(), weight->memory(), team);
  } else {
    PanelPacker packer(parts, *weight, team.size());
    const StackedRows rows(parts);
    run_giving_back(
        team, weight->num_panels(), weight->lanes() * rows.row_bytes(),
        [&](std::int64_t p, int thread) { packer.pack(p, thread); },
        [&](std::int64_t first, std::int64_t count) {
          rows.give_back(first * weight->lanes(), count * weight->lanes());
        });
  }
  return weight;
}

std::unique_ptr<CpuWeight> adopt_weight(const PackedMatrix& packed, int lanes, ThreadTeam& team) {
  // A panel row is two vectors; the widest have 64 bytes.
  const auto alignment = std::min<std::uintptr_t>(64, static_cast<std::uintptr_t>(packed.layout.row_bytes()));
  const bool is_aligned = reinterpret_cast<std::uintptr_t>(packed.data) % alignment == 0;
  if (packed.layout.lanes == lanes && is_aligned) return std::make_unique<CpuWeight>(packed);
  auto weight = std::make_unique<CpuWeight>(packed.layout.out_features, packed.layout.in_features, packed.layout.format,
                                            packed_panel_format(packed.layout.format.type), lanes);
  repack_panels(packed, weight->panels(), weight->memory(), team);
  return weight;
}

RowNumbers row_numbers(const CpuWeight& weight, const KernelTable& kernels) {
  if (weight.panel_format() == PanelFormat::kBF16Pairs) return RowNumbers::kBF16;
  return weight.format().has_integers() ? numbers_for(weight.format().type, kernels) : RowNumbers::kFloats;
}

const Multiplier& multiplier_of(WeightType type, const KernelTable& kernels) {
  return traits_of(type).has_integers ? integer_kernels(kernels, numbers_for(type, kernels)).multiplier
                                      : kernels.multiplier;
}

const IntegerKernels& integer_kernels(const KernelTable& kernels, RowNumbers numbers) {
  switch (numbers) {
    case RowNumbers::kShorts:
      return kernels.by_shorts;
    case RowNumbers::kBytes:
      return kernels.by_bytes;
    case RowNumbers::kFloats:
    case RowNumbers::kBF16:
      break;
  }
  return kernels.by_floats;
}

ConstTensor rotate_rows(const ConstTensor& x, const KernelTable& kernels, float* to, ThreadTeam& team) {
  const std::int64_t n = x.shape()[1];
  const std::int64_t rows_per_task = std::max<std::int64_t>(1, kMinRoundedElements / n);
  team.run((x.rows() + rows_per_task - 1) / rows_per_task, [&](std::int64_t task, int) {
    const std::int64_t end = std::min(x.rows(), (task + 1) * rows_per_task);
    for (std::int64_t row = task * rows_per_task; row < end; ++row) kernels.rotate(x.row<float>(row), n, to + row * n);
  });
  return {to, DType::kF32, {x.rows(), n}};
}

void pack_rows(const ConstTensor& x, const RowTiles& tiles, float* packed, ThreadTeam& team) {
  const std::int64_t n = x.shape()[1];
  const std::int64_t chunks = std::max<std::int64_t>(1, n / kMinPackedDepth);
  team.run(tiles.num_tiles() * chunks, [&](std::int64_t task, int) {
    const std::int64_t tile = task / chunks;
    const std::int64_t chunk = task % chunks;
    const std::int64_t first_row = tiles.first_row(tile);
    const int num_rows = tiles.num_rows(tile);
    float* to = packed + first_row * n;
    for (std::int64_t k = n * chunk / chunks; k < n * (chunk + 1) / chunks; ++k) {
      for (int r = 0; r < num_rows; ++r) to[k * num_rows + r] = x.row<float>(first_row + r)[k];
    }
  });
}

std::byte* round_rows(const ConstTensor& x, const RowTiles& tiles, const TiledLayout& layout,
                      const KernelTable& kernels, ThreadTeam& team, Scratch& scratch) {
  const std::int64_t depth = x.shape()[1];
  auto* memory = reinterpret_cast<std::byte*>(scratch.floats(x.rows() * layout.row_bytes() / 4));
  // Rows may be taken apart: each step of each part of one is a cache line.
  const std::int64_t rows_per_task = std::max<std::int64_t>(1, kMinRoundedElements / depth);
  team.run((x.rows() + rows_per_task - 1) / rows_per_task, [&](std::int64_t task, int) {
    const std::int64_t end = std::min(x.rows(), (task + 1) * rows_per_task);
    for (std::int64_t row = task * rows_per_task; row < end; ++row) {
      const std::int64_t tile = tiles.tile_of(row);
      const std::int64_t first_row = tiles.first_row(tile);
      const TiledLayout::Place place = layout.place(memory, first_row, tiles.num_rows(tile), row - first_row);
      kernels.round_row(x.row<float>(row), depth, place.first, place.step_stride);
    }
  });
  return memory;
}

void PairedRows::pack(const float* x, std::int64_t row_stride, std::byte* memory) {
  memory_ = memory;
  for (std::int64_t tile = 0; tile < tiles_.num_tiles(); ++tile) {
    const std::int64_t first_row = tiles_.first_row(tile);
    const int num_rows = tiles_.num_rows(tile);
    const float* from = x + first_row * row_stride;
    if (kernels_->max_tiled_rows == 0) {
      kernels_->pair_rows(from, row_stride, num_rows, depth_, pairs_of(first_row));
      continue;
    }
    for (int r = 0; r < num_rows; ++r) {
      const TiledLayout::Place place = layout_.place(memory, first_row, num_rows, r);
      kernels_->round_row(from + r * row_stride, depth_, place.first, place.step_stride);
    }
  }
}

void RoundedTiles::pack(const ConstTensor& x, const RowTiles& tiles, const KernelTable& kernels, ThreadTeam& team,
                        Scratch& scratch) {
  // Words of 32 bits, all of them.
  float* memory = scratch.floats(num_rows_ * (num_words_ + num_sections_ + num_groups_));
  words_ = reinterpret_cast<std::int32_t*>(memory);
  scales_ = memory + num_rows_ * num_words_;
  sums_ = reinterpret_cast<std::int32_t*>(scales_ + num_rows_ * num_sections_);
  // A task writes whole cache lines, of all rows of a tile: threads that took rows would wait for each other's.
  const std::int64_t rows_of_tile = (num_rows_ + tiles.num_tiles() - 1) / tiles.num_tiles();
  const std::int64_t sections_per_task =
      std::max<std::int64_t>(1, kMinRoundedElements / (kRoundingSection * rows_of_tile));
  const std::int64_t tasks_per_tile = (num_sections_ + sections_per_task - 1) / sections_per_task;
  team.run(tiles.num_tiles() * tasks_per_tile, [&](std::int64_t task, int) {
    const std::int64_t tile = task / tasks_per_tile;
    const std::int64_t first = task % tasks_per_tile * sections_per_task;
    const std::int64_t end = std::min(num_sections_, first + sections_per_task);
    if (numbers_ != RowNumbers::kBF16) {
      for (std::int64_t section = first; section < end; ++section) {
        for (int r = 0; r < tiles.num_rows(tile); ++r) round_section(x, tiles, tile, r, section, kernels);
      }
    } else {
      const std::int64_t k = first * kRoundingSection;
      const std::int64_t first_row = tiles.first_row(tile);
      const int num_rows = tiles.num_rows(tile);
      kernels.pair_rows(x.row<float>(first_row) + k, x.row_stride(), num_rows,
                        std::min(depth_, end * kRoundingSection) - k,
                        words_ + first_row * num_words_ + k / 2 * num_rows);
    }
  });
}

void RoundedTiles::round_section(const ConstTensor& x, const RowTiles& tiles, std::int64_t tile, int r,
                                 std::int64_t section, const KernelTable& kernels) const {
  const std::int64_t first_row = tiles.first_row(tile);
  const int num_rows = tiles.num_rows(tile);
  const std::int64_t k = section * kRoundingSection;
  const auto count = static_cast<int>(std::min<std::int64_t>(kRoundingSection, depth_ - k));
  const bool is_bytes = numbers_ == RowNumbers::kBytes;
  static_assert(kRoundingSection % kRotatedInputs == 0, "a section is rotated by itself");
  float rotated[kRoundingSection];
  kernels.rotate(x.row<float>(first_row + r) + k, count, rotated);
  std::int16_t values[kRoundingSection] = {};
  scales_[first_row * num_sections_ + section * num_rows + r] =
      kernels.round_section(rotated, count, is_bytes ? kMostOfByte : kMostOfShort, values);
  if (layout_ != nullptr) {
    const TiledLayout::Place place = layout_->place(reinterpret_cast<std::byte*>(words_), first_row, num_rows, r);
    const int step_inputs = layout_->step_inputs();
    std::byte* step = place.first + k / step_inputs * place.step_stride;
    for (int i = 0; i < count; i += step_inputs, step += place.step_stride) {
      if (is_bytes) {
        narrow_values(values + i, step_inputs, inputs_per_panel_row_, step);
      } else {
        split_values(values + i, step_inputs, inputs_per_panel_row_, step, step + place.part_stride);
      }
    }
  } else {
    std::int32_t ordered[kRoundingSection / 2];
    if (is_bytes) {
      narrow_values(values, kRoundingSection, inputs_per_panel_row_, reinterpret_cast<std::byte*>(ordered));
    } else {
      std::memcpy(ordered, values, sizeof ordered);
    }
    const std::int64_t num_words = std::min(kRoundingSection / inputs_per_word_, num_words_ - k / inputs_per_word_);
    std::int32_t* words = words_ + first_row * num_words_ + k / inputs_per_word_ * num_rows + r;
    for (std::int64_t word = 0; word < num_words; ++word, words += num_rows) *words = ordered[word];
  }
  if (num_groups_ == 0) return;
  std::int32_t* sums = sums_ + first_row * num_groups_ + k / group_size_ * num_rows + r;
  for (std::int64_t first = 0; first < count; first += group_size_, sums += num_rows) {
    *sums = std::accumulate(values + first, values + first + group_size_, std::int32_t{0});
  }
}

RoundedRows RoundedTiles::from(std::int64_t first_row, int num_rows, std::int64_t k) const {
  return {.words = layout_ != nullptr ? nullptr : words_ + first_row * num_words_ + k / inputs_per_word_ * num_rows,
          .scales = scales_ + first_row * num_sections_ + k / kRoundingSection * num_rows,
          .sums = num_groups_ == 0 ? nullptr : sums_ + first_row * num_groups_ + k / group_size_ * num_rows};
}

}  // namespace wedlm
