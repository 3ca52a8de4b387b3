// Kernels for AVX2 with AVX-VNNI, which multiplies and adds pairs of 16-bit numbers or four bytes in one instruction:
// Intel's processors without AVX-512 since 2021 (Alder Lake). All but the products of integers are those of AVX2.
#include "wedlm/backend/cpu/isa/avx2.inc"

namespace wedlm {
namespace {

constexpr int kMaxRoundedRows = 4;

// The instructions themselves, as in avx512_vnni.cc.
inline IntVec add_pair_products(IntVec a, IntVec b, IntVec sum) {
  asm("%{vex%} vpdpwssd %2, %1, %0" : "+x"(sum) : "x"(a), "x"(b));
  return sum;
}

inline IntVec hide(IntVec value) {
  return value;
}
#define WEDLM_OWN_ADD_PAIR_PRODUCTS

inline void add_quad_products(IntVec a, IntVec b, IntVec& sum) {
  asm("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sum) : "x"(a), "x"(b));
}
#define WEDLM_OWN_ADD_QUAD_PRODUCTS
constexpr int kMaxByteRows = 6;  // 12 sums, 2 weights and one broadcast in 16 registers

#include "wedlm/backend/cpu/isa/rounded.inc"

}  // namespace

const KernelTable& avx_vnni_kernels() {
  static const KernelTable kTable = [] {
    KernelTable table =
        with_byte_rows(with_rounded_rows(avx2_kernels(), "products of 16-bit integers by VNNI, 256 bits wide"),
                       "products of bytes by VNNI, 256 bits wide");
    table.name = "avx_vnni";
    return table;
  }();
  return kTable;
}

}  // namespace wedlm
