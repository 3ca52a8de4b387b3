// Kernels for NEON (Advanced SIMD), which every 64-bit ARM processor has: vectors of 128 bits, 32 registers, and a
// fused multiply-add that takes one element of a vector for all lanes.
#include <arm_neon.h>

#include "wedlm/backend/cpu/isa/kernel_table.h"

namespace wedlm {
namespace {

typedef float Vec __attribute__((vector_size(16)));
constexpr int kMaxTileRows = 12;  // 24 accumulators, 2 weights and 3 vectors of x in 32 registers
constexpr int kMaxStridedRows = 6;

/// The intrinsic, so that it does not depend on the optimiser whether a product is fused.
inline Vec multiply_add(Vec a, Vec b, Vec c) {
  return vfmaq_f32(c, a, b);
}

/// As kernels.inc describes it. Four rows share a register of x, because one for each of twelve rows would be too many.
template <int kRows, int kVectors, bool kStrided, int kFirst = 0>
__attribute__((always_inline)) inline void add_products(const float* x, std::int64_t x_row_stride, const Vec* weights,
                                                        Vec (&sums)[kRows][kVectors]) {
  constexpr int kLeft = kRows - kFirst;
  constexpr int kCount = kStrided || kLeft == 1 ? 1 : kLeft < 4 ? 2 : 4;
  if constexpr (kCount == 4) {
    const float32x4_t xs = vld1q_f32(x + kFirst);
    for (int v = 0; v < kVectors; ++v) {
      sums[kFirst][v] = vfmaq_laneq_f32(sums[kFirst][v], weights[v], xs, 0);
      sums[kFirst + 1][v] = vfmaq_laneq_f32(sums[kFirst + 1][v], weights[v], xs, 1);
      sums[kFirst + 2][v] = vfmaq_laneq_f32(sums[kFirst + 2][v], weights[v], xs, 2);
      sums[kFirst + 3][v] = vfmaq_laneq_f32(sums[kFirst + 3][v], weights[v], xs, 3);
    }
  } else if constexpr (kCount == 2) {
    const float32x2_t xs = vld1_f32(x + kFirst);
    for (int v = 0; v < kVectors; ++v) {
      sums[kFirst][v] = vfmaq_lane_f32(sums[kFirst][v], weights[v], xs, 0);
      sums[kFirst + 1][v] = vfmaq_lane_f32(sums[kFirst + 1][v], weights[v], xs, 1);
    }
  } else {
    const float xs = kStrided ? x[kFirst * x_row_stride] : x[kFirst];
    for (int v = 0; v < kVectors; ++v) sums[kFirst][v] = vfmaq_n_f32(sums[kFirst][v], weights[v], xs);
  }
  if constexpr (kCount < kLeft) {
    add_products<kRows, kVectors, kStrided, kFirst + kCount>(x, x_row_stride, weights, sums);
  }
}
#define WEDLM_OWN_ADD_PRODUCTS

typedef std::int8_t Bytes __attribute__((vector_size(4)));
typedef std::int32_t Integers __attribute__((vector_size(16)));

/// Two instructions, where GCC takes the vector apart.
inline Integers extend(Bytes bytes) {
  std::uint32_t word;
  __builtin_memcpy(&word, &bytes, sizeof word);
  return (Integers)vmovl_s16(vget_low_s16(vmovl_s8(vcreate_s8(word))));
}
#define WEDLM_OWN_EXTEND

#include "wedlm/backend/cpu/isa/kernels.inc"

constexpr KernelTable kTable = with_float_integers(make_table("neon", "FMA of float32, 128 bits wide"));

}  // namespace

const KernelTable& neon_kernels() {
  return kTable;
}

}  // namespace wedlm
