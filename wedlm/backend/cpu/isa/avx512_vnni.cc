// Kernels for AVX-512 with VNNI, which multiplies and adds pairs of 16-bit numbers in one instruction: Intel servers
// since 2019 (Cascade Lake), AMD since 2022 (Zen 4). All but the products of integers are those of AVX-512.
#include "wedlm/backend/cpu/isa/avx512.inc"

namespace wedlm {
namespace {

inline IntVec add_pair_products(IntVec a, IntVec b, IntVec sum) {
  return (IntVec)_mm512_dpwssd_epi32((__m512i)sum, (__m512i)a, (__m512i)b);
}

#include "wedlm/backend/cpu/isa/rounded.inc"

float multiply_registers_of_pairs(std::int64_t rounds) {
  return add_ones<IntVec>(rounds, IntVec{} + 0x00010001, add_pair_products);
}

}  // namespace

const KernelTable& avx512_vnni_kernels() {
  static const KernelTable kTable = [] {
    KernelTable table = with_rounded_rows(avx512_kernels());
    table.name = "avx512_vnni";
    table.multiplier = "products of 16-bit integers, 512 bits wide";
    table.multiply_adds_per_round = std::int64_t{2} * kChains * kLanes;
    table.multiply_registers = multiply_registers_of_pairs;
    return table;
  }();
  return kTable;
}

}  // namespace wedlm
