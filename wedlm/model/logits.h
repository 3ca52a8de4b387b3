// All that a forward says about its prediction rows, on the host, for whoever compares numbers.
#pragma once

#include <vector>

#include "wedlm/model/transformer.h"

namespace wedlm {

struct PredictedLogits {
  std::vector<Prediction> predictions;  // [prediction rows]
  std::vector<float> logits;            // [prediction rows, vocab_size]
};

/// Runs the batch on its own, with activations made for it.
PredictedLogits compute_logits(const Transformer& transformer, const Batch& batch, KvCache& cache);

}  // namespace wedlm
