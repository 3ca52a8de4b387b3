// Kernels for any machine: vectors of 128 bits, which every 64-bit architecture has, and no fused multiply-add.
// Compiled with the flags of everything else.
#include "wedlm/backend/cpu/isa/kernel_table.h"

namespace wedlm {
namespace {

typedef float Vec __attribute__((vector_size(16)));
constexpr int kMaxTileRows = 4;  // 8 accumulators, 2 weights, and room for products in 16 registers
constexpr int kMaxStridedRows = 4;

inline Vec multiply_add(Vec a, Vec b, Vec c) {
  return a * b + c;
}

#include "wedlm/backend/cpu/isa/kernels.inc"

constexpr KernelTable kTable =
    with_float_integers(make_table("portable", "multiply and add of float32, 128 bits wide"));

}  // namespace

const KernelTable& portable_kernels() {
  return kTable;
}

}  // namespace wedlm
