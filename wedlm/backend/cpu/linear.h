// Matrix products of the CPU backend: who computes which panels, and in which order the caches see rows and weights.
// The arithmetic is in the micro-kernels. No blocking here changes the order in which a sum is taken.
#pragma once

#include "wedlm/backend/cpu/isa/kernel_table.h"
#include "wedlm/backend/cpu/packing.h"
#include "wedlm/backend/cpu/scratch.h"
#include "wedlm/base/thread_team.h"
#include "wedlm/tensor/tensor.h"

namespace wedlm {

/// out = x weight^T + bias.    x [rows, in_features], bias [out_features] or null, out [rows, out_features]
/// `packed_rows` is scratch for the transposed rows.
void cpu_linear(const KernelTable& kernels, ThreadTeam& team, Scratch& packed_rows, const ConstTensor& x,
                const CpuWeight& weight, const float* bias, const Tensor& out);

/// Some outputs of all rows, which a thread has just computed and nobody keeps.
struct OutputTile {
  const float* out = nullptr;  // [rows, num_features]
  std::int64_t out_stride = 0;
  std::int64_t first_feature = 0;
  std::int64_t num_features = 0;
};

class OutputReader {
 public:
  virtual ~OutputReader() = default;
  /// Called for each tile, by the thread that computed it, and by no two at a time with the same `thread`.
  virtual void read(const OutputTile& tile, int thread) = 0;
};

/// x weight^T in tiles of `tile_features`, a multiple of the panels' lanes, each read while it is in the cache.
///   tiles  [threads, rows, tile_features]
void cpu_linear_in_tiles(const KernelTable& kernels, ThreadTeam& team, Scratch& packed_rows, const ConstTensor& x,
                         const CpuWeight& weight, std::int64_t tile_features, float* tiles, OutputReader& reader);

}  // namespace wedlm
