// Kernels for AVX-512 (F, BW, VL, DQ): Intel servers since 2017 (Skylake-SP), AMD since 2022 (Zen 4).
#include <immintrin.h>

#include "wedlm/backend/cpu/isa/kernel_table.h"

namespace wedlm {
namespace {

typedef float Vec __attribute__((vector_size(64)));
constexpr int kMaxTileRows = 14;    // 28 accumulators and 2 weights in 32 registers; x comes from memory
constexpr int kMaxStridedRows = 6;  // as many addresses as general registers hold without spilling

/// The intrinsic, so that it does not depend on the optimiser whether a product is fused.
inline Vec multiply_add(Vec a, Vec b, Vec c) {
  return _mm512_fmadd_ps(a, b, c);
}

#include "wedlm/backend/cpu/isa/kernels.inc"

constexpr int kMaxRoundedRows = 8;  // 16 sums: what a panel row expands to fits beside them, and 16 rows are two tiles

inline IntVec add_pair_products(IntVec a, IntVec b, IntVec sum) {
  IntVec result = sum + (IntVec)_mm512_madd_epi16((__m512i)a, (__m512i)b);
  asm volatile("" : "+v"(result));  // in this order: GCC would take all products first, and spill them
  return result;
}

#include "wedlm/backend/cpu/isa/rounded.inc"

constexpr KernelTable kTable = with_rounded_rows(make_table("avx512", "FMA of float32, 512 bits wide"));

}  // namespace

const KernelTable& avx512_kernels() {
  return kTable;
}

}  // namespace wedlm
