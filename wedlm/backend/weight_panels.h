// The layout of packed weights (tensor/weight_format.h) that the CPU multiplies with, which is also how a checkpoint
// may store them: the bytes of a file are then what a kernel reads. Any backend can take the values out again.
//
// Output features f = panel * lanes + j; the last panel is filled up with zeros. A panel is an array of words of 32
// bits: first the scales, for each group of inputs one word for each lane, then the codes, for each 4 (of 8 bits) or 8
// (of 4) inputs one word for each lane. What stands in a word is said in cpu/isa/kernel_table.h, and drawn in
// docs/decisions/layouts.md. Words are in the byte order of the machines we run on, little-endian.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "wedlm/base/thread_team.h"
#include "wedlm/tensor/quantized_row.h"
#include "wedlm/tensor/tensor.h"
#include "wedlm/tensor/weight_format.h"

namespace wedlm {

/// Where what stands in the panels of one weight.
struct WeightPanels {
  std::int64_t out_features = 0;
  std::int64_t in_features = 0;
  WeightFormat format{};  // a packed one
  int lanes = 0;          // output features of a panel, one of kPanelLanes

  /// Inputs that one word holds.
  std::int64_t inputs_per_word() const { return 32 / format.traits().bits; }
  std::int64_t num_panels() const { return (out_features + lanes - 1) / lanes; }
  std::int64_t row_bytes() const { return std::int64_t{lanes} * 4; }
  std::int64_t scale_bytes() const { return format.num_groups(in_features) * row_bytes(); }
  std::int64_t panel_bytes() const {
    const std::int64_t per_word = inputs_per_word();
    return scale_bytes() + (in_features + per_word - 1) / per_word * row_bytes();
  }
  std::int64_t bytes() const { return num_panels() * panel_bytes(); }
};

/// Lanes that some instruction set multiplies with: portable and NEON, AVX2, AVX-512 and AMX.
inline constexpr int kPanelLanes[] = {8, 16, 32};

/// A weight that was packed before.
struct PackedMatrix {
  WeightPanels layout{};
  const std::byte* data = nullptr;  // layout.bytes() of them
};

/// Packs panels [first_panel, first_panel + num_panels) of the parts, stacked along the outputs, to `to`, on all
/// threads of `team`. Throws InvalidInput where a weight of them is not finite.
void pack_panels(std::span<const ConstTensor> parts, const WeightPanels& layout, std::int64_t first_panel,
                 std::int64_t num_panels, std::byte* to, ThreadTeam& team);

/// The values, scales and zeros of one output feature, as quantize_row() made them.
void unpack_feature(const PackedMatrix& packed, std::int64_t feature, QuantizedRow& to);

/// Packs with the lanes of `layout`, which differs from that of `packed` in nothing else, the very same values.
void repack_panels(const PackedMatrix& packed, const WeightPanels& layout, std::byte* to, ThreadTeam& team);

/// Whether every scale is a finite number and every zero one that a format with groups knows; reads the scales alone.
bool has_sound_scales(const PackedMatrix& packed);

}  // namespace wedlm
