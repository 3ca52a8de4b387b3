// Kernels for AVX2 with FMA: Intel since 2013 (Haswell), AMD since 2015 (Excavator).
#include "wedlm/backend/cpu/isa/avx2.inc"

namespace wedlm {
namespace {

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
