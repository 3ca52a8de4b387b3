// Linear layers by tile instructions, AMX with bfloat16 and integers: Intel servers since 2023 (Sapphire Rapids).
// Everything else is the table of the level below.
#include "wedlm/backend/cpu/isa/avx512.inc"

namespace wedlm {
namespace {

#include "wedlm/backend/cpu/isa/intel_tiles.inc"
#include "wedlm/backend/cpu/isa/tiled.inc"

}  // namespace

const KernelTable& amx_kernels() {
  static const KernelTable kTable = with_tiles(avx512_bf16_kernels(), "amx");
  return kTable;
}

}  // namespace wedlm
