// What goes between the processes that have parts of the same weights: gradients towards the parts, values from them.
#pragma once

#include <cstdint>
#include <vector>

#include "wedlm/train/torch/ranks.h"

namespace wedlm::train {

/// Adds up each rank's gradients of whole weights; each rank gets the sums of its parts. A gradient that is undefined
/// is zero. `gradients` and `parts` go by weight.  // gradients[i]: [sizes[i]] elements, parts[i]: [part_of(sizes[i])]
void sum_to_parts(const std::vector<at::Tensor>& gradients, const std::vector<std::int64_t>& sizes,
                  const std::vector<at::Tensor>& parts, Ranks& ranks);

/// Writes each rank's parts into the whole weights of all, rounded to their type.
void share_parts(const std::vector<at::Tensor>& parts, const std::vector<at::Tensor>& weights, Ranks& ranks);

/// A whole weight of the parts that the ranks have.  // [size]
at::Tensor joined_parts(const at::Tensor& part, std::int64_t size, Ranks& ranks);

}  // namespace wedlm::train
