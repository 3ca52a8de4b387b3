// What a batch's logits are judged by.
#pragma once

#include <span>

#include "wedlm/train/rows/dual_stream.h"
#include "wedlm/train/torch/trained_model.h"

namespace at {
class Tensor;
}  // namespace at

namespace wedlm::train {

/// The weighted sum whose gradient is taken, of `logits` of stream.losses' rows  // [losses.size() x vocabulary]. Of a
/// mask whose token a next-token row p predicts, (1 - distillation) x cross entropy + distillation x KL(p, prediction)
/// counts, and p is not changed by it (Hinton et al. 2015 at temperature 1; the model is its own teacher). Fills
/// `losses`.
at::Tensor objective(const at::Tensor& logits, const DualStream& stream, std::span<const float> row_weights,
                     double next_token_weight, double distillation, Losses& losses);

}  // namespace wedlm::train
