// Kernels for NEON (Advanced SIMD), which every 64-bit ARM processor has.
#include "wedlm/backend/cpu/isa/neon.inc"

namespace wedlm {
namespace {

constexpr KernelTable kTable = with_float_integers(make_table("neon", "FMA of float32, 128 bits wide"));

}  // namespace

const KernelTable& neon_kernels() {
  return kTable;
}

}  // namespace wedlm
