// What goes between the processes that have parts of the same weights: gradients towards the parts, values from them.
#pragma once

#include <cstdint>
#include <vector>

#include "wedlm/train/torch/ranks.h"

namespace wedlm::train {

/// Adds up each rank's gradients of whole weights; returns the sums of this rank's parts. A gradient that is undefined
/// is zero. Each is let go as soon as it is summed, so that both are never there at once.
/// gradients[i]: sizes[i] elements of float32; returned[i]: [part_of(sizes[i])]
std::vector<at::Tensor> sum_to_parts(std::vector<at::Tensor> gradients, const std::vector<std::int64_t>& sizes,
                                     Ranks& ranks);

/// Writes each rank's parts into the whole weights of all, rounded to their type.
void share_parts(const std::vector<at::Tensor>& parts, const std::vector<at::Tensor>& weights, Ranks& ranks);

/// A whole weight of the parts that the ranks have.  // [size]
at::Tensor joined_parts(const at::Tensor& part, std::int64_t size, Ranks& ranks);

}  // namespace wedlm::train
