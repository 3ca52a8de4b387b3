// Kernels for AVX-512 with BF16, which multiplies and adds pairs of bfloat16 in one instruction: AMD since 2022 (Zen
// 4), Intel servers since 2023 (Sapphire Rapids). Rows are rounded to bfloat16 where they meet weights of it, as the
// model was trained and as its own engine computes. All else is that of AVX-512 with VNNI, which these machines have
// too.
#include "wedlm/backend/cpu/isa/avx512.inc"

namespace wedlm {
namespace {

/// Numbers below the normal ones become zero, which their products would be anyhow.
inline Vec round_to_pairs(Vec first, Vec second) {
  return (Vec)_mm512_cvtne2ps_pbh((__m512)second, (__m512)first);
}
#define WEDLM_OWN_ROUND_TO_PAIRS
#include "wedlm/backend/cpu/isa/pairs.inc"

inline Vec add_pair_products(WordVec pair, WordVec weights, Vec sum) {
  return _mm512_dpbf16_ps(sum, (__m512bh)pair, (__m512bh)weights);
}

template <int kRows, int kVectors>
void multiply_pairs_of_rows(const MultiplyTile& tile) {
  constexpr PanelFormat kFormat = PanelFormat::kBF16Pairs;
  const char* panel = static_cast<const char*>(tile.panel);
  Prefetcher prefetcher(tile);
  const std::int32_t* x = tile.rounded.words;
  Vec sums[kRows][kVectors];
  load_sums(tile, sums);
  for (std::int64_t k = 0; k < tile.depth; k += inputs_per_row(kFormat)) {
    PanelRow<kVectors> row;
    load_row<kFormat>(panel, row);
    prefetcher.next<kFormat>();
    panel += tile.panel_stride_bytes;
    WEDLM_UNROLL
    for (int r = 0; r < kRows; ++r) {
      const WordVec pair = WordVec{} + static_cast<std::uint32_t>(x[r]);
      WEDLM_UNROLL
      for (int v = 0; v < kVectors; ++v) sums[r][v] = add_pair_products(pair, row.words[v], sums[r][v]);
    }
    x += kRows;
  }
  store_sums<kFormat>(tile, sums);
}

template <int kRows, int kVectors>
void multiply_pairs_dispatch(const MultiplyTile& tile) {
  if (tile.num_rows == kRows) {
    multiply_pairs_of_rows<kRows, kVectors>(tile);
  } else if constexpr (kRows > 1) {
    multiply_pairs_dispatch<kRows - 1, kVectors>(tile);
  }
}

void multiply_pairs(const MultiplyTile& tile) {
  if (tile.num_columns > kLanes) {
    multiply_pairs_dispatch<kMaxRoundedRows, 2>(tile);
  } else {
    multiply_pairs_dispatch<kMaxRoundedRows, 1>(tile);
  }
}

/// kPanels panels from column `first` on.
template <int kRows, int kPanels>
WEDLM_INLINE void multiply_inputs_at(const std::uint16_t* const* inputs, std::int64_t first, const MultiplyTile& tile) {
  constexpr int kVectors = 2 * kPanels;
  const std::int32_t* x = tile.rounded.words;
  Vec sums[kRows][kVectors] = {};
  for (std::int64_t k = 0; k < tile.depth; k += 2) {
    WordVec words[kVectors];
    WEDLM_UNROLL
    for (int v = 0; v < kVectors; v += 2) {
      const std::int64_t column = first + std::int64_t{v} * kLanes;
      load_input_pair(inputs + k, column, words + v);
      __builtin_prefetch(inputs[k + kColumnsAhead] + column, 0, 2);
      __builtin_prefetch(inputs[k + kColumnsAhead + 1] + column, 0, 2);
    }
    WEDLM_UNROLL
    for (int r = 0; r < kRows; ++r) {
      const WordVec pair = WordVec{} + static_cast<std::uint32_t>(x[r]);
      WEDLM_UNROLL
      for (int v = 0; v < kVectors; ++v) sums[r][v] = add_pair_products(pair, words[v], sums[r][v]);
    }
    x += kRows;
  }
  WEDLM_UNROLL
  for (int r = 0; r < kRows; ++r) {
    float* out = tile.out + r * tile.out_stride + first;
    WEDLM_UNROLL
    for (int v = 0; v < kVectors; ++v, out += kLanes) store(out, sums[r][v]);
  }
}

constexpr int kMaxUnpackedRows = 8;

template <int kRows>
void multiply_inputs_of_rows(const std::uint16_t* const* inputs, const MultiplyTile& tile) {
  if (tile.num_rows != kRows) {
    if constexpr (kRows > 1) multiply_inputs_of_rows<kRows - 1>(inputs, tile);
    return;
  }
  constexpr int kMost = kRows > 4 ? 1 : kRows > 2 ? 2 : 4;  // at most 16 sums
  constexpr std::int64_t kStep = std::int64_t{kMost} * kPanelLanes;
  std::int64_t column = 0;
  for (; column + kStep <= tile.num_columns; column += kStep) multiply_inputs_at<kRows, kMost>(inputs, column, tile);
  for (; column < tile.num_columns; column += kPanelLanes) multiply_inputs_at<kRows, 1>(inputs, column, tile);
}

float multiply_registers_of_pairs(std::int64_t rounds) {
  return add_ones<Vec>(rounds, WordVec{} + 0x3F803F80U, add_pair_products);
}

}  // namespace

const KernelTable& avx512_bf16_kernels() {
  static const KernelTable kTable = [] {
    KernelTable table = with_pairs(avx512_vnni_kernels());
    table.name = "avx512_bf16";
    table.multiply_bf16 = multiply_pairs;
    table.max_unpacked_rows = kMaxUnpackedRows;
    table.multiply_inputs = multiply_inputs_of_rows<kMaxUnpackedRows>;
    table.multiplier = {.name = "products of bfloat16, 512 bits wide",
                        .multiply_adds_per_round = std::int64_t{2} * kChains * kLanes,
                        .run = multiply_registers_of_pairs};
    return table;
  }();
  return kTable;
}

}  // namespace wedlm
