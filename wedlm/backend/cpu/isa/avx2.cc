// Kernels for AVX2 with FMA: Intel since 2013 (Haswell), AMD since 2015 (Excavator).
#include <immintrin.h>

#include "wedlm/backend/cpu/isa/kernel_table.h"

namespace wedlm {
namespace {

typedef float Vec __attribute__((vector_size(32)));
constexpr int kMaxTileRows = 6;  // 12 accumulators, 2 weights and one broadcast in 16 registers
constexpr int kMaxStridedRows = 6;

/// The intrinsic, so that it does not depend on the optimiser whether a product is fused.
inline Vec multiply_add(Vec a, Vec b, Vec c) {
  return _mm256_fmadd_ps(a, b, c);
}

typedef std::int8_t Bytes __attribute__((vector_size(8)));
typedef std::int32_t Integers __attribute__((vector_size(32)));

/// One instruction, where GCC takes the vector apart.
inline Integers extend(Bytes bytes) {
  return (Integers)_mm256_cvtepi8_epi32(_mm_set_epi64x(0, (long long)bytes));
}
#define WEDLM_OWN_EXTEND

#include "wedlm/backend/cpu/isa/kernels.inc"

constexpr int kMaxRoundedRows = 4;  // 8 sums: of six rows GCC keeps some in memory, and sixteen took 1.4 times as long

inline IntVec add_pair_products(IntVec a, IntVec b, IntVec sum) {
  IntVec result = sum + (IntVec)_mm256_madd_epi16((__m256i)a, (__m256i)b);
  asm volatile("" : "+x"(result));  // in this order: GCC would take all products first, and spill them
  return result;
}

#include "wedlm/backend/cpu/isa/rounded.inc"

constexpr KernelTable kTable = with_rounded_rows(make_table("avx2", "FMA of float32, 256 bits wide"));

}  // namespace

const KernelTable& avx2_kernels() {
  return kTable;
}

}  // namespace wedlm
