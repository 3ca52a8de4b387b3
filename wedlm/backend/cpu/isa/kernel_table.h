// What one instruction set does for the CPU backend: a table of micro-kernels. Blocking, threads and packing are
// outside and know only this table. Each file of this folder fills one table and is compiled with its own flags, so
// nothing that other files share may be inlined into it: this header declares plain structs and no functions with
// bodies.
//
// A kernel computes each output from its own inputs in an order that no argument but the length of the sum changes: a
// row has the same bits alone and in a tile of fourteen.
#pragma once

#include <cstddef>
#include <cstdint>

namespace wedlm {

enum class PanelFormat : std::uint8_t { kF32, kBF16, kBF16Pairs, kInt8, kInt4 };

/// Inputs that one panel row holds, by format.
constexpr int kInputsPerPanelRow[] = {1, 1, 2, 4, 8};

/// What a stored number of kInt4 is above its meaning.
constexpr int kInt4Bias = 8;

/// Inputs of a row that are rounded with one scale.
constexpr int kRoundingSection = 128;

/// How far ahead columns and inputs that stand anywhere are asked for: as many pointers follow them.
constexpr int kColumnsAhead = 32;

/// What a tile instruction multiplies: at most so many rows, of so many bytes each, with as many columns as rows.
constexpr int kTileRows = 16;
constexpr int kTileRowBytes = 64;

/// What the largest input of a section is rounded to, in rows of 16 and of 8 bits.
constexpr int kMostOfShort = 32767;
constexpr int kMostOfByte = 127;

/// Parts of 8 bits in which tile instructions take what is rounded to 16.
constexpr int kIntegerParts = 2;

/// Inputs of one product by tile instructions, at most: a panel's integers of 4 bits become bytes in the nearest cache.
constexpr int kTiledDepth = 1024;

/// A tile of rows whose inputs are rounded: to bfloat16 for kBF16Pairs, and for integers, after they were rotated, to
/// integers of 16 or 8 bits, so that their products are summed exactly: in each section of kRoundingSection inputs,
/// x = scale * value. Rows are the fast index everywhere.
struct RoundedRows {
  // [words of k][num_rows]: two values of 16 bits, the even k in the low half, or four of 8, which stand as a panel's
  // words have theirs: for kInt8 k 0 2 1 3 of each four, for kInt4 k 0 4 1 5 and 2 6 3 7 of each eight. Zeros after the
  // last k up to a whole panel row. Null where the rows are tiled
  const std::int32_t* words = nullptr;
  const float* scales = nullptr;       // [sections][num_rows]; null with kBF16Pairs
  const std::int32_t* sums = nullptr;  // [groups][num_rows] of the values that share a scale of kInt4; with kInt8,
                                       // [sections][num_rows], and only of 8 bits
};

/// Rows as tile instructions load them, in steps of as many inputs as one instruction adds up. They are cut into
/// S = ceil(num_rows / kTileRows) slabs, of which slab s begins with row num_rows * s / S. One after the other, a slab
/// is [steps][parts][rows of the slab][step_bytes], with zeros after the last k. For kBF16Pairs there is one part, the
/// input rounded. For integers a rounded value is 256 times the signed byte of part 0 plus the unsigned byte of part 1.
/// Inputs of a step stand as a panel's words have them: for kInt8 k 0 2 1 3 of each four, for kInt4 k 0 4 1 5 2 6 3 7
/// of each eight.
struct TiledRows {
  const std::byte* slabs = nullptr;
  std::int64_t row_bytes = 0;   // of one row, all its steps and parts
  std::int64_t first_step = 0;  // the panel's first
  int step_bytes = 0;           // kTileRowBytes, or half of it where a group of kInt4 is no longer
};

/// What will be read later. While row i of a panel is multiplied, the cache lines at first + i * stride_bytes and,
/// where a panel row has more than one, at second + i * stride_bytes are asked for. Where one is null, nothing new is.
struct Ahead {
  const void* first = nullptr;
  const void* second = nullptr;
  std::int64_t stride_bytes = 0;
};

/// A tile of a matrix product: out[r][j] = sum over k of x[r][k] * panel[k][j], one k after the other.
///
/// A panel row of kF32 is `panel_lanes` floats, of one k. One of kBF16 is `panel_lanes / 2` words of 32 bits, of one k:
/// word i holds column i in its low half and column panel_lanes / 2 + i in its high half, so that shifts expand the
/// vector. One of kBF16Pairs, kInt8 or kInt4 is `panel_lanes` words, of two, four or eight k: word j holds column j,
/// the even k in its low half and the odd k in its high half, so that the two k of a pair stand where halves are
/// multiplied and added. A number of kInt4 is stored kInt4Bias above what it is. With 4 lanes, kBF16: [c0|c2 c1|c3];
/// kInt8, the lowest byte first: [c0k0 c0k2 c0k1 c0k3] [c1k0 c1k2 c1k1 c1k3] [c2k0 ...] [c3k0 ...].
struct MultiplyTile {
  const float* x = nullptr;  // null where the rows are rounded or tiled
  RoundedRows rounded;
  TiledRows tiled;
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
  Ahead ahead;
  int num_rows = 0;         // at most max_tile_rows, or another maximum of KernelTable for its kind of rows
  int num_columns = 0;      // at most panel_lanes; the panel is read in whole vectors of panel_lanes / 2
  bool accumulate = false;  // start from out instead of 0
};

/// Scores of keys: out[q][t] = sum over d of queries[q][d] * keys[t][d]. Its order does not depend on the numbers of
/// queries and keys, nor on the type of the keys where their values are the same.
struct ScoreTile {
  const float* queries = nullptr;
  std::int64_t query_stride = 0;  // strides are in elements
  const void* keys = nullptr;
  std::int64_t key_stride = 0;
  const float* scales = nullptr;  // [num_keys] that multiply them, where the type has any
  std::int64_t num_keys = 0;
  std::int64_t depth = 0;  // a multiple of panel_lanes / 2; what is after a shorter head is 0
  float* out = nullptr;
  std::int64_t out_stride = 0;
  int num_queries = 0;
  // What will be read next: so many bytes are asked for of as many rows as there are keys. May be null.
  const void* prefetch = nullptr;
  std::int64_t prefetch_stride_bytes = 0;
  std::int64_t prefetch_bytes = 0;
};

/// Sums of weighted values: out[q][d] = sum over t of weights[q][t] * values[t][d], one t after the other.
struct ValueTile {
  const float* weights = nullptr;
  std::int64_t weight_stride = 0;
  const void* values = nullptr;
  std::int64_t value_stride = 0;
  const float* scales = nullptr;  // as of ScoreTile
  std::int64_t num_keys = 0;
  std::int64_t depth = 0;  // as of ScoreTile
  float* out = nullptr;
  std::int64_t out_stride = 0;
  int num_queries = 0;
  bool accumulate = false;         // start from out instead of 0
  const void* prefetch = nullptr;  // as of ScoreTile; as many bytes of a row as the values have
  std::int64_t prefetch_stride_bytes = 0;
};

/// What attention does with keys and values of one element type. `scale` is that of the slice where the type has any.
struct KvKernels {
  std::int64_t element_bytes;
  bool has_scales;  // of each slice one
  void (*score_keys)(const ScoreTile& tile);
  void (*add_values)(const ValueTile& tile);
  /// Writes `count` numbers as floats, and zeros up to a multiple of panel_lanes / 2.
  void (*expand)(const void* from, const float* scale, std::int64_t count, float* to);
  /// Writes them rounded to bfloat16, and zeros up to a multiple of panel_lanes. Null where nothing is rounded to it.
  void (*round)(const void* from, const float* scale, std::int64_t count, std::uint16_t* to);
  /// Rounds a head's numbers as KvPages says, and writes them to `to` and their scale to `scale` unless `to` is null.
  void (*store)(float* numbers, std::int64_t count, void* to, float* scale);
};

struct SoftmaxMoments {
  float max;
  float sum;
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

/// Tokens that find_draws() looks at in one call, at most.
constexpr int kDrawTokens = 64;

/// Some tokens of a row, of which one is to be drawn.
struct DrawTile {
  const float* logits = nullptr;
  int size = 0;
  std::uint32_t first_token = 0;  // a multiple of 4: tokens 4 * n to 4 * n + 3 share a block of random words
  std::uint64_t seed = 0;
  std::uint64_t position = 0;
  float origin = 0;  // finite
  float inverse_temperature = 0;
  float offset = 0;
};

/// What the machine gives to code that does nothing else but multiply and add (cpu_peaks.h).
struct Multiplier {
  const char* name = nullptr;                // for people: "FMA of float32, 256 bits wide"
  std::int64_t multiply_adds_per_round = 0;  // of single numbers
  /// So many rounds of multiply-adds of registers alone, in chains that do not wait for each other. Each adds one, and
  /// all of them are returned.
  float (*run)(std::int64_t rounds) = nullptr;
};

/// Products of integer weights with rows of one kind of numbers.
struct IntegerKernels {
  int max_rows = 0;  // whose accumulators fit the registers; 0 where the level has no such products worth having
  Multiplier multiplier;
  void (*multiply_int8)(const MultiplyTile& tile) = nullptr;  // one of the two may be null where max_rows is not 0
  void (*multiply_int4)(const MultiplyTile& tile) = nullptr;
  // The same by tile instructions, to the bit, of tiled rows; for fewer rows than the first number says the two above
  // take less time. Null where max_tiled_rows is 0.
  int min_tiled_int8_rows = 0;
  int min_tiled_int4_rows = 0;
  void (*multiply_tiled_int8)(const MultiplyTile& tile) = nullptr;
  void (*multiply_tiled_int4)(const MultiplyTile& tile) = nullptr;
};

struct KernelTable {
  const char* name;
  int panel_lanes;            // columns of a panel: two vectors
  int max_tile_rows;          // rows whose accumulators fit the registers
  int max_strided_rows;       // the same where each row needs an address of its own
  int max_paired_rows;        // the same of rows of bfloat16 in pairs; 0 where bf16_format is kBF16
  int max_unpacked_rows;      // rows that multiply_inputs takes, or 0
  int max_tiled_rows;         // rows of a product by tile instructions; 0 where the level has none
  PanelFormat bf16_format;    // of weights of bfloat16: kBF16 or kBF16Pairs
  int max_expanding_queries;  // query vectors of a strip that expand keys and values as they multiply; for more, a copy

  void (*multiply_f32)(const MultiplyTile& tile);
  void (*multiply_bf16)(const MultiplyTile& tile);  // of bf16_format; rows are tiled where max_tiled_rows is not 0
  // Of integer weights, by rotated rows: of float32, as those of multiply_f32, and rounded to 16 and to 8 bits, section
  // by section and group by group. A level has the first or the second, and may have the third.
  IntegerKernels by_floats;
  IntegerKernels by_shorts;
  IntegerKernels by_bytes;
  /// Rounds `count` inputs, at most kRoundingSection, to `values`, the largest of them to `most`; returns their scale,
  /// which is NaN where an input is not finite. Null where rows are not rounded.
  float (*round_section)(const float* x, int count, int most, std::int16_t* values);
  /// Writes what rotate() of rotation.h makes of `count` inputs, to the bit.
  void (*rotate)(const float* x, std::int64_t count, float* to);
  // The next five are null where bf16_format is not kBF16Pairs, that is, where nothing is rounded to bfloat16.
  /// Writes `count` inputs of a row rounded to bfloat16, and zeros after the last, in steps of kTileRowBytes that are
  /// `step_stride` bytes apart.
  void (*round_row)(const float* x, std::int64_t count, std::byte* to, std::int64_t step_stride);
  /// Rounds `count` inputs of each row, `row_stride` apart, to pairs as RoundedRows has them.
  void (*pair_rows)(const float* x, std::int64_t row_stride, int num_rows, std::int64_t count, std::int32_t* pairs);
  /// Makes a panel of panel_lanes columns of bfloat16 that stand anywhere. `depth` is a multiple of panel_lanes. Where
  /// `asks_ahead`, columns kColumnsAhead later are asked for.
  void (*pack_columns)(const std::uint16_t* const* columns, std::int64_t depth, bool asks_ahead, void* panel);
  /// The same of the transposed: row k of the panel holds numbers `first` to `first` + panel_lanes - 1 of inputs[k].
  /// Pairs are read, so an odd `depth` has one of `inputs` after the last.
  void (*pack_inputs)(const std::uint16_t* const* inputs, std::int64_t first, std::int64_t depth, void* panel);
  /// What multiply_bf16 makes of the panels of pack_inputs(inputs, 0, ...), pack_inputs(inputs, panel_lanes, ...) and
  /// so on, for `num_columns` columns, a multiple of panel_lanes; without them, which costs less for a few rows, at
  /// most max_unpacked_rows.
  void (*multiply_inputs)(const std::uint16_t* const* inputs, const MultiplyTile& tile);
  KvKernels kv_f32;
  KvKernels kv_bf16;
  KvKernels kv_int8;
  /// scores[t] = exp(scores[t] - maximum over t), and what they add up to: every panel_lanes / 2 apart, and then those
  /// sums, so that zeros after a row change nothing. Minus infinity becomes 0; one score at least is
  /// finite. `size` is a multiple of panel_lanes / 2.
  SoftmaxMoments (*softmax_row)(float* scores, std::int64_t size);
  /// x = x * x_scale + y * y_scale, of a multiple of panel_lanes / 2 numbers.
  void (*add_scaled)(float* x, float x_scale, const float* y, float y_scale, std::int64_t size);
  void (*rms_norm_row)(const RmsNormRow& row);
  /// out = silu(gate) * up.
  void (*silu_multiply)(const float* gate, const float* up, float* out, std::int64_t size);
  /// Of some hundreds of logits, because its sums are float32.
  LogitMoments (*logit_moments)(const float* logits, std::int64_t size);

  /// Writes the indices of those tokens whose noise, gumbel() of random.h, may be at least -d with
  /// d = (logit - origin) * inverse_temperature + offset, and returns their number. With u the uniform number of the
  /// noise that is -log(u) <= exp(d), and of those that it finds 1 - u <= exp(d) is true, which is simpler and nearly
  /// the same where d is small. A d that is no number finds its token.
  int (*find_draws)(const DrawTile& tile, int* found);

  Multiplier multiplier;  // of weights of floats, at its fastest
  /// Their sum, read in four streams side by side, which memory serves faster than one; `count` is a multiple of 1024.
  float (*read_floats)(const float* from, std::int64_t count);
};

// Only those of the machine's architecture exist, and only select_kernels() may call them: it checks the machine first.
const KernelTable& portable_kernels();
const KernelTable& avx2_kernels();
const KernelTable& avx_vnni_kernels();
const KernelTable& avx512_kernels();
const KernelTable& avx512_vnni_kernels();
const KernelTable& avx512_bf16_kernels();
const KernelTable& amx_kernels();
const KernelTable& neon_kernels();
const KernelTable& neon_dotprod_kernels();
/// Tile instructions in plain C++, on any machine; linked into tests alone.
const KernelTable& amx_model_kernels();

}  // namespace wedlm
