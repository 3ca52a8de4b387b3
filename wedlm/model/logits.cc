#include "wedlm/model/logits.h"

namespace wedlm {

PredictedLogits compute_logits(const Transformer& transformer, const Batch& batch, KvCache& cache) {
  Backend& backend = transformer.backend();
  const auto num_predictions = static_cast<std::int64_t>(batch.prediction_rows.size());
  const Shape shape{num_predictions, transformer.config().vocab_size};
  const auto num_logits = static_cast<std::size_t>(shape.num_elements());
  const Activations activations(backend, transformer.config(),
                                {.rows = batch.num_rows(), .predictions = num_predictions});
  const Buffer memory = backend.allocate(num_logits * sizeof(float));
  const Tensor logits(memory.data(), DType::kF32, shape);

  PredictedLogits result{.predictions = std::vector<Prediction>(batch.prediction_rows.size()),
                         .logits = std::vector<float>(num_logits)};
  transformer.launch(batch, cache, activations, logits).read(result.predictions);
  backend.download(logits, Tensor(result.logits.data(), DType::kF32, shape));
  return result;
}

}  // namespace wedlm
