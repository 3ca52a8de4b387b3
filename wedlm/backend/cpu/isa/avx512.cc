// Kernels for AVX-512 (F, BW, VL, DQ): Intel servers since 2017 (Skylake-SP), AMD since 2022 (Zen 4).
#include "wedlm/backend/cpu/isa/avx512.inc"

namespace wedlm {
namespace {

inline IntVec add_pair_products(IntVec a, IntVec b, IntVec sum) {
  IntVec result = sum + (IntVec)_mm512_madd_epi16((__m512i)a, (__m512i)b);
  asm volatile("" : "+v"(result));  // in this order: GCC would take all products first, and spill them
  return result;
}

inline IntVec hide(IntVec value) {
  asm volatile("" : "+v"(value));
  return value;
}
#define WEDLM_OWN_ADD_PAIR_PRODUCTS

#include "wedlm/backend/cpu/isa/rounded.inc"

constexpr KernelTable kTable = with_rounded_rows(make_table("avx512", "FMA of float32, 512 bits wide"),
                                                 "products of 16-bit integers, 512 bits wide");

}  // namespace

const KernelTable& avx512_kernels() {
  return kTable;
}

}  // namespace wedlm
