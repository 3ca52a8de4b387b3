// Linear layers by tile instructions, AMX with bfloat16 and integers: Intel servers since 2023 (Sapphire Rapids).
// Everything else is the table of the level below.
#include "wedlm/backend/cpu/isa/avx512.inc"

namespace wedlm {
namespace {

#include "wedlm/backend/cpu/isa/intel_tiles.inc"
#include "wedlm/backend/cpu/isa/tiled.inc"

// Measured on Emerald Rapids: fewer rows take longer by tiles than by VNNI.
constexpr int kMinInt8Rows = 6;
constexpr int kMinInt4Rows = 12;

}  // namespace

const KernelTable& amx_kernels() {
  static const KernelTable kTable = with_tiles(avx512_bf16_kernels(), "amx", kMinInt8Rows, kMinInt4Rows);
  return kTable;
}

}  // namespace wedlm
