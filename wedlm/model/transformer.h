// The Qwen2.5 and Qwen3 decoder, as WeDLM uses it unchanged: weights, and one forward over a batch. The two families
// differ by the configuration's booleans (bias of the projections, norm of each query and key head), never by a second
// file. No state between calls: the cache and the activations are the caller's.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "wedlm/backend/backend.h"
#include "wedlm/checkpoint/checkpoint.h"
#include "wedlm/model/activations.h"
#include "wedlm/model/batch.h"
#include "wedlm/model/kv_cache.h"
#include "wedlm/model/model_config.h"
#include "wedlm/model/weight_source.h"

namespace wedlm {

/// A forward that was launched. Until it is gone nobody else's begins on that backend (Backend::begin()).
class LaunchedForward {
 public:
  LaunchedForward(Backend& backend, std::unique_ptr<Forward> forward)
      : backend_(&backend), forward_(std::move(forward)) {}

  /// Waits for the predictions, and ends the forward.                                  predictions [prediction rows]
  void read(std::span<Prediction> predictions) {
    const std::unique_ptr<Forward> ending = std::move(forward_);
    backend_->read_predictions(*ending, predictions);
  }

 private:
  Backend* backend_;
  std::unique_ptr<Forward> forward_;  // null once it is read
};

class Transformer {
 public:
  /// Called with bytes done and bytes in all.
  using Progress = std::function<void(std::size_t done, std::size_t total)>;

  /// Lays out every weight for `backend`, where it is not already, one after the other, so that of weights made for the
  /// purpose only one is held besides.
  Transformer(const WeightSource& weights, const ModelConfig& config, Backend& backend, const Progress& progress = {},
              const ModelFormats& formats = {});
  /// Those of a checkpoint, which must outlive the transformer. Throws InvalidInput where its tensors are not those of
  /// `config`.
  Transformer(const Checkpoint& checkpoint, const ModelConfig& config, Backend& backend, const Progress& progress = {},
              const ModelFormats& formats = {});
  ~Transformer();
  Transformer(const Transformer&) = delete;
  Transformer& operator=(const Transformer&) = delete;

  const ModelConfig& config() const { return config_; }
  Backend& backend() const { return backend_; }
  /// Memory that one forward reads of the weights, embeddings of the rows not counted.
  std::size_t weight_bytes() const;
  /// Multiply-adds of the weights with one row that is predicted.
  std::int64_t multiply_adds_per_row() const;

  /// Computes a batch: stores K and V where its slots say, and predicts its prediction rows. Nothing of the batch is
  /// looked at later. Throws InternalError for one that is not sound, or larger than the activations were made for.
  ///   logits  [prediction rows, vocab_size] float32 of the backend, or empty
  LaunchedForward launch(const Batch& batch, KvCache& cache, const Activations& activations,
                         const Tensor& logits = {}) const;

 private:
  struct Layer;

  void attend(const Layer& layer, const Forward& forward, const KvPages& pages, const ActivationTensors& tensors) const;

  ModelConfig config_;
  Backend& backend_;
  std::vector<std::vector<float>> host_vectors_;  // norms and biases as float32, where placed tensors may look at them
  std::vector<Buffer> panel_memory_;              // what adopted panels may look at, besides the checkpoint
  HostWeight embedding_memory_;                   // what the embeddings may look at
  ConstTensor embeddings_;                        // [vocab_size, hidden_size]
  std::vector<Layer> layers_;
  ConstTensor final_norm_;  // [hidden_size]
  std::unique_ptr<PackedWeight> head_;
};

}  // namespace wedlm
