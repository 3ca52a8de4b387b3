// The sizes of a small model that is computed inside a larger shape (inflated_weights.h): its function stays, and time
// and memory are the shape's. What a shape must have to hold a model is said and checked here.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "wedlm/model/model_config.h"

namespace wedlm {

/// `small` in the sizes of `shape`, which also says whether there is a separate head and what has biases; all else
/// stays small's. The mean square of a residual that is zero past small's width is less by the ratio of the widths, and
/// eps with it. Throws InvalidInput with every reason where the shape cannot hold it, beginning with `shape_name`:
///
/// - a size is too small, K/V heads and groups of query heads included (a group may be spread over several K/V heads);
/// - head_dim is no multiple of small's, or is and the rotation depends on more than the angle of each pair (yarn and
///   dynamic), or there are no q/k norms to take up the root of the ratio and it is no power of 2;
/// - one of them has q/k norms and the other has not, small has biases or a head of its own and the shape has not;
/// - the vocabulary is larger and the width is not: one spare coordinate keeps the logits of other tokens low;
/// - small is quantized.
ModelConfig inflated_config(const ModelConfig& small, const ModelConfig& shape, std::string_view shape_name);

/// Where the heads of a small model stand in a larger one. Example: 4 query heads over 2 K/V heads, in 12 over 3, are
/// queries {0, 1, -, -, 2, 3, -, -, -, -, -, -} and K/V heads {0, 1, -}.
struct HeadPlaces {
  HeadPlaces(const ModelConfig& small, const ModelConfig& large);

  std::vector<std::int64_t> query;  // for each query head of the large one the small one's, or -1
  std::vector<std::int64_t> kv;     // the same for K/V heads; one of the small model may stand in several
};

}  // namespace wedlm
