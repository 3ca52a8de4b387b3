// Kernels for AVX-512 with VNNI, which multiplies and adds pairs of 16-bit numbers or four bytes in one instruction:
// Intel servers since 2019 (Cascade Lake), AMD since 2022 (Zen 4). All but the products of integers are those of
// AVX-512.
#include "wedlm/backend/cpu/isa/avx512.inc"

namespace wedlm {
namespace {

inline IntVec add_pair_products(IntVec a, IntVec b, IntVec sum) {
  return (IntVec)_mm512_dpwssd_epi32((__m512i)sum, (__m512i)a, (__m512i)b);
}

inline IntVec hide(IntVec value) {
  return value;
}
#define WEDLM_OWN_ADD_PAIR_PRODUCTS

/// The instruction itself: of the intrinsic GCC 12 makes copies of all sums, half as much work again.
inline void add_quad_products(IntVec a, IntVec b, IntVec& sum) {
  asm("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b));
}
#define WEDLM_OWN_ADD_QUAD_PRODUCTS
constexpr int kMaxByteRows = 12;

#include "wedlm/backend/cpu/isa/rounded.inc"

}  // namespace

const KernelTable& avx512_vnni_kernels() {
  static const KernelTable kTable = [] {
    KernelTable table =
        with_byte_rows(with_rounded_rows(avx512_kernels(), "products of 16-bit integers by VNNI, 512 bits wide"),
                       "products of bytes by VNNI, 512 bits wide");
    table.name = "avx512_vnni";
    return table;
  }();
  return kTable;
}

}  // namespace wedlm
