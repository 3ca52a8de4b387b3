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

inline IntVec hide(IntVec value) {
  asm volatile("" : "+x"(value));
  return value;
}
#define WEDLM_OWN_ADD_PAIR_PRODUCTS

inline void add_short_products(IntVec a, IntVec b, IntVec& sum) {
  sum = (IntVec)_mm256_add_epi16((__m256i)sum, _mm256_maddubs_epi16((__m256i)a, (__m256i)b));
  asm volatile("" : "+x"(sum));  // as above
}

inline IntVec add_halves(IntVec a, IntVec sum) {
  return sum + (IntVec)_mm256_madd_epi16((__m256i)a, _mm256_set1_epi16(1));
}
#define WEDLM_OWN_ADD_SHORT_PRODUCTS
constexpr int kMaxByteRows = 5;

#include "wedlm/backend/cpu/isa/rounded.inc"

constexpr KernelTable kTable = with_short_sums(with_rounded_rows(make_table("avx2", "FMA of float32, 256 bits wide"),
                                                                 "products of 16-bit integers, 256 bits wide"),
                                               "products of bytes with halves as sums, 256 bits wide");

}  // namespace

const KernelTable& avx2_kernels() {
  return kTable;
}

}  // namespace wedlm
