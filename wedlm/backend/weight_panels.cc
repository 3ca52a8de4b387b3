#include "wedlm/backend/weight_panels.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstring>
#include <vector>

#include "wedlm/backend/op_checks.h"
#include "wedlm/backend/source_pages.h"
#include "wedlm/backend/stacked_rows.h"
#include "wedlm/base/error.h"
#include "wedlm/base/mapped_file.h"

namespace wedlm {
namespace {

/// Where the code of input k stands: in word k / per_word of its lane, `shift` bits from below.
struct WordLayout {
  explicit WordLayout(const WeightFormat& format)
      : bits(format.traits().bits),
        per_word(32 / bits),
        mask((1U << bits) - 1),
        bias(static_cast<std::uint32_t>(format.traits().bias)) {}

  int shift(std::int64_t k) const {
    const auto i = static_cast<int>(k % per_word);
    return i % 2 * 16 + i / 2 * bits;
  }

  int bits;
  int per_word;
  std::uint32_t mask;
  std::uint32_t bias;
};

/// The scale of a group is the upper half of a float32, and its zero stands in the lower half.
constexpr std::uint32_t kZeroMask = 0xFFFF;

/// One feature's values into its lane of a panel of zeros, and its scales to the front of the panel.
void pack_feature(const WeightPanels& layout, const QuantizedRow& row, int lane, std::byte* panel) {
  const WordLayout word(layout.format);
  const bool has_zeros = layout.format.has_groups();
  auto* words = reinterpret_cast<std::uint32_t*>(panel + layout.scale_bytes()) + lane;
  for (std::int64_t k = 0; k < layout.in_features; ++k) {
    const std::uint32_t value = static_cast<std::uint8_t>(row.values[static_cast<std::size_t>(k)]);
    words[k / word.per_word * layout.lanes] |= ((value + word.bias) & word.mask) << word.shift(k);
  }
  auto* scales = reinterpret_cast<std::uint32_t*>(panel) + lane;
  for (std::size_t group = 0; group < row.scales.size(); ++group, scales += layout.lanes) {
    const auto scale = std::bit_cast<std::uint32_t>(row.scales[group]);
    const std::uint32_t zero = static_cast<std::uint32_t>(row.zeros[group]) & kZeroMask;
    *scales = has_zeros ? scale | zero : scale;
  }
}

/// The features that have a lane in panel p.
int num_features(const WeightPanels& layout, std::int64_t p) {
  return static_cast<int>(std::min<std::int64_t>(layout.lanes, layout.out_features - p * layout.lanes));
}

/// A row to convert in, for each thread.
struct RowScratch {
  std::vector<float> values{};  // [in_features]
  QuantizedRow quantized{};
};

std::vector<RowScratch> make_scratch(const WeightPanels& layout, const ThreadTeam& team) {
  std::vector<RowScratch> scratch(static_cast<std::size_t>(team.size()));
  for (RowScratch& one : scratch) {
    one.values.resize(static_cast<std::size_t>(layout.in_features));
    one.quantized.resize(layout.format, layout.in_features);
  }
  return scratch;
}

}  // namespace

void pack_panels(std::span<const ConstTensor> parts, const WeightPanels& layout, std::int64_t first_panel,
                 std::int64_t num_panels, std::byte* to, ThreadTeam& team) {
  const std::int64_t out_features = check_pack(parts, layout.format);
  if (out_features != layout.out_features || parts[0].shape()[1] != layout.in_features) {
    throw InternalError("pack_panels: the parts have another shape than the panels");
  }
  const StackedRows rows(parts);
  std::vector<RowScratch> scratch = make_scratch(layout, team);
  std::atomic<bool> are_all_finite{true};
  const auto pack = [&](std::int64_t task, int thread) {
    RowScratch& mine = scratch[static_cast<std::size_t>(thread)];
    const std::int64_t p = first_panel + task;
    std::byte* panel = to + task * layout.panel_bytes();
    std::memset(panel, 0, static_cast<std::size_t>(layout.panel_bytes()));
    for (int lane = 0; lane < num_features(layout, p); ++lane) {
      to_f32(parts[0].dtype(), rows.row(p * layout.lanes + lane), mine.values.data(), mine.values.size());
      if (quantize_row(mine.values, layout.format, mine.quantized)) {
        pack_feature(layout, mine.quantized, lane, panel);
      } else {
        are_all_finite = false;
      }
    }
  };
  run_giving_back(team, num_panels, layout.lanes * rows.row_bytes(), pack, [&](std::int64_t first, std::int64_t count) {
    rows.give_back((first_panel + first) * layout.lanes, count * layout.lanes);
  });
  if (!are_all_finite) throw_not_finite("pack");
}

void unpack_feature(const PackedMatrix& packed, std::int64_t feature, QuantizedRow& to) {
  const WeightPanels& layout = packed.layout;
  const WordLayout word(layout.format);
  const bool has_zeros = layout.format.has_groups();
  const std::byte* panel = packed.data + feature / layout.lanes * layout.panel_bytes();
  const auto lane = feature % layout.lanes;
  const auto* words = reinterpret_cast<const std::uint32_t*>(panel + layout.scale_bytes()) + lane;
  for (std::int64_t k = 0; k < layout.in_features; ++k) {
    const std::uint32_t value = words[k / word.per_word * layout.lanes] >> word.shift(k) & word.mask;
    to.values[static_cast<std::size_t>(k)] = static_cast<std::int8_t>(value - word.bias);
  }
  const auto* scales = reinterpret_cast<const std::uint32_t*>(panel) + lane;
  for (std::size_t group = 0; group < to.scales.size(); ++group, scales += layout.lanes) {
    to.scales[group] = std::bit_cast<float>(has_zeros ? *scales & ~kZeroMask : *scales);
    to.zeros[group] = static_cast<std::int8_t>(has_zeros ? *scales & 0xFF : 0);
  }
}

void repack_panels(const PackedMatrix& packed, const WeightPanels& layout, std::byte* to, ThreadTeam& team) {
  std::vector<RowScratch> scratch = make_scratch(layout, team);
  const auto repack = [&](std::int64_t p, int thread) {
    QuantizedRow& row = scratch[static_cast<std::size_t>(thread)].quantized;
    std::byte* panel = to + p * layout.panel_bytes();
    std::memset(panel, 0, static_cast<std::size_t>(layout.panel_bytes()));
    for (int lane = 0; lane < num_features(layout, p); ++lane) {
      unpack_feature(packed, p * layout.lanes + lane, row);
      pack_feature(layout, row, lane, panel);
    }
  };
  // The panels of both may have other numbers of features.
  const auto give_back = [&](std::int64_t first, std::int64_t count) {
    const std::int64_t bytes = packed.layout.panel_bytes(), end = packed.layout.num_panels();
    first = std::min(end, first * layout.lanes / packed.layout.lanes);
    count = std::min(end - first, count * layout.lanes / packed.layout.lanes + 1);
    give_back_pages({packed.data + first * bytes, static_cast<std::size_t>(count * bytes)});
  };
  run_giving_back(team, layout.num_panels(), packed.layout.bytes() / layout.num_panels(), repack, give_back);
}

bool has_sound_scales(const PackedMatrix& packed) {
  const WeightPanels& layout = packed.layout;
  const bool has_zeros = layout.format.has_groups();
  constexpr std::uint32_t kExponent = 0x7F800000;  // all ones in infinities and NaN
  bool is_sound = true;
  for (std::int64_t p = 0; p < layout.num_panels(); ++p) {
    const auto* words = reinterpret_cast<const std::uint32_t*>(packed.data + p * layout.panel_bytes());
    for (std::int64_t i = 0; i < layout.scale_bytes() / 4; ++i) {
      is_sound &= (words[i] & kExponent) != kExponent;
      const auto zero = static_cast<std::int16_t>(words[i] & kZeroMask);
      if (has_zeros) is_sound &= zero == static_cast<std::int8_t>(zero);
    }
  }
  return is_sound;
}

}  // namespace wedlm
