// What one instruction set does for the CPU backend: a table of micro-kernels. Blocking, threads and packing are
// outside and know only this table. Each file of this folder fills one table and is compiled with its own flags, so
// nothing that other files share may be inlined into it: this header declares plain structs and no functions with
// bodies.
//
// A kernel computes each output from its own inputs in an order that no argument but the length of the sum changes: a
// row has the same bits alone and in a tile of fourteen.
#pragma once

#include <cstdint>

namespace wedlm {

enum class PanelFormat : std::uint8_t { kF32, kBF16, kInt8, kInt4 };

/// A tile of a matrix product: out[r][j] = sum over k of x[r][k] * panel[k][j], one k after the other.
///
/// A panel row of kF32 is `panel_lanes` floats, of one k. The others have rows of `panel_lanes / 2` words of 32 bits;
/// word i holds column i in its low half and column panel_lanes / 2 + i in its high half, so that shifts expand the
/// vector. A half holds one k of kBF16, two of kInt8, four of kInt4, the first in the lowest bits. With 4 lanes, kBF16:
/// [c0|c2 c1|c3]; kInt8: [c0k0 c0k1|c2k0 c2k1  c1k0 c1k1|c3k0 c3k1].
struct MultiplyTile {
  const float* x = nullptr;
  std::int64_t x_row_stride = 0;  // elements between x[r][k] and x[r + 1][k]; 1 is the fast case
  std::int64_t x_k_stride = 0;    // elements between x[r][k] and x[r][k + 1]; must be 1 where x_row_stride is not
  const void* panel = nullptr;
  std::int64_t panel_stride_bytes = 0;  // between two panel rows
  std::int64_t depth = 0;               // number of k
  // kInt8: a float for each column, by which the sum is multiplied at its end, before the bias; null where the sum goes
  // on in a later tile. kInt4: for each group of k a word for each column, whose high half is the scale as bfloat16 and
  // whose low half the zero as a signed integer. Both [panel_lanes].
  const void* scales = nullptr;
  std::int64_t group_size = 0;  // of kInt4: a multiple of 4
  float* out = nullptr;
  std::int64_t out_stride = 0;  // elements
  const float* bias = nullptr;  // [num_columns] added at the end, or null
  // What the next tiles will read: row i of this is asked for while row i of the panel is multiplied. May be null.
  const void* prefetch = nullptr;
  std::int64_t prefetch_stride_bytes = 0;
  int num_rows = 0;         // at most max_tile_rows, or max_strided_rows where x_row_stride is not 1
  int num_columns = 0;      // at most panel_lanes; the panel is read in whole vectors of panel_lanes / 2
  bool accumulate = false;  // start from out instead of 0
};

struct RmsNormRow {
  const float* x = nullptr;
  float* residual = nullptr;  // if not null: residual += x, and the norm is taken of that
  const float* weight = nullptr;
  float* out = nullptr;
  std::int64_t size = 0;
  float eps = 0;
};

/// As RowMoments of sampling.h.
struct LogitMoments {
  float max;
  double sum;
  double weighted_sum;
};

struct KernelTable {
  const char* name;
  int panel_lanes;       // columns of a panel: two vectors
  int max_tile_rows;     // rows whose accumulators fit the registers
  int max_strided_rows;  // the same where each row needs an address of its own

  void (*multiply_f32)(const MultiplyTile& tile);
  void (*multiply_bf16)(const MultiplyTile& tile);
  void (*multiply_int8)(const MultiplyTile& tile);
  void (*multiply_int4)(const MultiplyTile& tile);
  /// scores[t][j] = exp(scores[t][j] - maximum over t), and sums[j] = their sum over t, one t after the other.
  /// scores [num_keys, panel_lanes], of which the first num_columns, in whole vectors, are touched. Minus infinity
  /// becomes 0.
  void (*softmax_columns)(float* scores, std::int64_t num_keys, int num_columns, float* sums);
  void (*rms_norm_row)(const RmsNormRow& row);
  /// out = silu(gate) * up.
  void (*silu_multiply)(const float* gate, const float* up, float* out, std::int64_t size);
  LogitMoments (*logit_moments)(const float* logits, std::int64_t size);

  // What the machine gives to code that does nothing else (peaks.h).
  const char* multiplier;                // what does a product's arithmetic at its fastest, for people
  std::int64_t multiply_adds_per_round;  // of single numbers
  /// So many rounds of multiply-adds of registers alone, in chains that do not wait for each other.
  float (*multiply_registers)(std::int64_t rounds);
  /// Their sum, read in four streams side by side, which memory serves faster than one; `count` is a multiple of 1024.
  float (*read_floats)(const float* from, std::int64_t count);
};

// Only those of the machine's architecture exist, and only select_kernels() may call them: it checks the machine first.
const KernelTable& portable_kernels();
const KernelTable& avx2_kernels();
const KernelTable& avx512_kernels();

}  // namespace wedlm
