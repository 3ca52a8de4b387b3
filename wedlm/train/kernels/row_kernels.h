// What training computes of rows beside products of matrices, each in one pass where LibTorch's operations take
// several, with its gradient. Free of tensors: rows are contiguous and follow each other.
#pragma once

#include <cstdint>

namespace wedlm::train {

/// What one row of attention's scores sees: keys [0, num_prefix), and [first_own, end_own) of them.
struct SeenKeys {
  std::int64_t num_prefix = 0;
  std::int64_t first_own = 0;
  std::int64_t end_own = 0;
};

/// Of float or double. A `gradient` is that of what the forward gives.
template <class T>
struct RowKernels {
  const char* name = "";

  /// out = x / sqrt(mean(x^2) + eps) * weight, and what each row was scaled by (Zhang and Sennrich 2019).
  /// x, out: [rows, n]; weight: [n]; scales: [rows]
  void (*rms_norm)(const T* x, const T* weight, T eps, std::int64_t rows, std::int64_t n, T* out, T* scales);
  /// Writes of_x and adds to of_weight.
  void (*rms_norm_gradient)(const T* gradient, const T* x, const T* weight, const T* scales, std::int64_t rows,
                            std::int64_t n, T* of_x, T* of_weight);

  /// out = a / (1 + exp(-a)) * b (Shazeer 2020, SwiGLU).  // [count]
  void (*gate)(const T* a, const T* b, std::int64_t count, T* out);
  void (*gate_gradient)(const T* gradient, const T* a, const T* b, std::int64_t count, T* of_a, T* of_b);

  /// Turns pairs (i, i + half) of each head by a row's angles, or back by them where `direction` is -1; the gradient is
  /// the turn back (Su et al. 2021, in the order of Hugging Face's weights).
  /// x, out: [rows, heads, 2 half]; cos, sin: [rows, half]
  void (*rotate)(const T* x, const T* cos, const T* sin, T direction, std::int64_t rows, std::int64_t heads,
                 std::int64_t half, T* out);

  /// Scores of a row become exp(scale score - log_sum), which add up to 1 over the keys it sees and are 0 elsewhere.
  /// scores: [keys]
  void (*softmax)(T* scores, T scale, const SeenKeys& seen, std::int64_t keys, T* log_sum);
  /// The same where log_sum is known, and of_scores = scale weights (of_weights - inner), which replaces of_weights.
  void (*softmax_gradient)(T* scores, T* of_weights, T scale, T log_sum, T inner, const SeenKeys& seen,
                           std::int64_t keys);
};

/// The fastest that this processor has.
template <class T>
const RowKernels<T>& row_kernels();

}  // namespace wedlm::train
