#include "wedlm/backend/cpu/packing.h"

#include <algorithm>
#include <cstring>

#include "wedlm/backend/op_checks.h"

namespace wedlm {
namespace {

constexpr std::int64_t kColumnsAtOnce = 32;  // of the source: a cache line or two of each row
constexpr std::int64_t kMinPackedDepth = 256;

/// The matrices one below the other.
class StackedRows {
 public:
  explicit StackedRows(std::span<const ConstTensor> parts) : parts_(parts) {}

  const std::byte* row(std::int64_t feature) const {
    for (const ConstTensor& part : parts_) {
      if (feature < part.rows()) {
        return static_cast<const std::byte*>(part.data()) +
               static_cast<std::size_t>(feature * part.row_stride()) * dtype_bytes(part.dtype());
      }
      feature -= part.rows();
    }
    return nullptr;
  }

 private:
  std::span<const ConstTensor> parts_;
};

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
  const int half = weight.lanes() / 2;
  const auto* from = reinterpret_cast<const std::uint16_t*>(row);
  auto* words = reinterpret_cast<std::uint32_t*>(panel) + lane % half;
  const int shift = lane < half ? 0 : 16;
  for (std::int64_t k = first; k < end; ++k) {
    std::uint32_t& word = words[k * half];
    word = (word & ~(0xFFFFU << shift)) | std::uint32_t{from[k]} << shift;
  }
}

}  // namespace

CpuWeight::CpuWeight(std::int64_t out_features, std::int64_t in_features, WeightFormat format, int lanes)
    : PackedWeight(out_features, in_features), format_(format), lanes_(lanes) {
  buffer_ = allocate_host_to_read(static_cast<std::size_t>(num_panels() * in_features * stride_bytes()));
}

std::unique_ptr<CpuWeight> pack_weight(std::span<const ConstTensor> parts, int lanes, ThreadTeam& team) {
  const std::int64_t out_features = check_pack(parts);
  const std::int64_t in_features = parts[0].shape()[1];
  const DType dtype = parts[0].dtype();
  const WeightFormat format = dtype == DType::kBF16 ? WeightFormat::kBF16 : WeightFormat::kF32;
  auto weight = std::make_unique<CpuWeight>(out_features, in_features, format, lanes);
  const StackedRows rows(parts);
  team.run(weight->num_panels(), [&](std::int64_t p, int) {
    std::byte* panel = weight->panel(p);
    std::memset(panel, 0, static_cast<std::size_t>(in_features * weight->stride_bytes()));
    const std::int64_t first_feature = p * lanes;
    const auto num_features = static_cast<int>(std::min<std::int64_t>(lanes, out_features - first_feature));
    for (std::int64_t k = 0; k < in_features; k += kColumnsAtOnce) {
      const std::int64_t end = std::min(in_features, k + kColumnsAtOnce);
      for (int lane = 0; lane < num_features; ++lane) {
        const std::byte* row = rows.row(first_feature + lane);
        if (format == WeightFormat::kBF16) {
          pack_bf16(row, k, end, lane, *weight, panel);
        } else {
          pack_f32(dtype, row, k, end, lane, *weight, panel);
        }
      }
    }
  });
  return weight;
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

}  // namespace wedlm
