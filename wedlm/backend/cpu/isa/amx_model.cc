// The level "amx" on any machine, for tests: the same kernels over a model of the tiles, and vectors that the compiler
// makes of whatever there is.
#include "wedlm/backend/cpu/isa/kernel_table.h"

namespace wedlm {
namespace {

typedef float Vec __attribute__((vector_size(64)));
constexpr int kMaxTileRows = 2;  // what tiles do not multiply need not be fast
constexpr int kMaxStridedRows = 2;

/// Rounded once, as where the machine has such an instruction.
inline Vec multiply_add(Vec a, Vec b, Vec c) {
  for (int i = 0; i < 16; ++i) c[i] = __builtin_fmaf(a[i], b[i], c[i]);
  return c;
}

#include "wedlm/backend/cpu/isa/kernels.inc"

constexpr int kMaxRoundedRows = 2;

inline IntVec add_pair_products(IntVec a, IntVec b, IntVec sum) {
  return sum + (a << 16 >> 16) * (b << 16 >> 16) + (a >> 16) * (b >> 16);
}

inline IntVec hide(IntVec value) {
  return value;
}
#define WEDLM_OWN_ADD_PAIR_PRODUCTS

inline void add_quad_products(IntVec a, IntVec b, IntVec& sum) {
  for (int byte = 0; byte < 32; byte += 8) {
    sum += (IntVec)((WordVec)a >> byte & 0xFFU) * (IntVec)(b << (24 - byte) >> 24);
  }
}
#define WEDLM_OWN_ADD_QUAD_PRODUCTS
constexpr int kMaxByteRows = 2;

#include "wedlm/backend/cpu/isa/model_tiles.inc"
#include "wedlm/backend/cpu/isa/pairs.inc"
#include "wedlm/backend/cpu/isa/rounded.inc"
#include "wedlm/backend/cpu/isa/tiled.inc"

constexpr KernelTable kRounded = with_pairs(
    with_byte_rows(with_rounded_rows(make_table("rounded_model", "FMA of float32, one by one"), "a model of VNNI"),
                   "a model of VNNI"));

}  // namespace

const KernelTable& amx_model_kernels() {
  static const KernelTable table = with_tiles(kRounded, "amx_model", 1, 1);
  return table;
}

}  // namespace wedlm
