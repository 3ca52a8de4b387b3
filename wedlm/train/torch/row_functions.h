// The parts of a layer that are neither products nor attention, as LibTorch's functions of one node each: one pass over
// the rows forwards, one backwards, and nothing kept but what enters. Tensors of rows are float32 or double.
#pragma once

#include <cstdint>

namespace at {
class Tensor;
}  // namespace at

namespace wedlm::train {

/// x / sqrt(mean(x^2) + eps) * weight, over the last dimension.  // x: [..., n], weight: [n] -> as x
at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps);

/// silu(a) * b.  // [rows, n] each
at::Tensor gated(const at::Tensor& a, const at::Tensor& b);

/// Turns pairs (i, i + d/2) of each head by its row's angles.  // x: [rows, heads, d]; cos and sin: [rows, d/2] -> as x
at::Tensor rotate(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin);

}  // namespace wedlm::train
