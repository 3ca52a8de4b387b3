// Kernels for NEON with dot products of bytes (FEAT_DotProd): ARM's Cortex-A76, Neoverse N1 and later, Apple's M1 and
// later. All but the products of integers are those of NEON.
#include "wedlm/backend/cpu/isa/neon.inc"

namespace wedlm {
namespace {

/// Both signed: stored numbers of 4 bits are no larger than a signed byte.
inline void add_quad_products(IntVec a, IntVec b, IntVec& sum) {
  sum = (IntVec)vdotq_s32((int32x4_t)sum, (int8x16_t)a, (int8x16_t)b);
}
#define WEDLM_OWN_ADD_QUAD_PRODUCTS
#define WEDLM_SIGNED_QUADS
constexpr int kMaxByteRows = 12;  // 24 sums, 2 weights and as many words of x as the compiler likes in 32 registers

#include "wedlm/backend/cpu/isa/rounded.inc"

}  // namespace

const KernelTable& neon_dotprod_kernels() {
  static const KernelTable kTable = [] {
    KernelTable table = with_byte_rows(neon_kernels(), "dot products of bytes, 128 bits wide");
    table.name = "neon_dotprod";
    return table;
  }();
  return kTable;
}

}  // namespace wedlm
