// A model that learns: all of its weights, or an adapter beside them while they stay as they are. It takes batches of
// rows and knows neither data nor schedule.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "wedlm/checkpoint/lora_config.h"
#include "wedlm/model/model_config.h"
#include "wedlm/model/quantization.h"
#include "wedlm/model/weight_source.h"
#include "wedlm/train/rows/dual_stream.h"
#include "wedlm/train/torch/learned_weights.h"

namespace wedlm::train {

/// What products are computed in; sums that need it, masters and the optimiser's state are float32.
enum class ComputeType { kFloat32, kBfloat16, kFloat64 };

struct ModelOptions {
  ComputeType compute = ComputeType::kBfloat16;  // kFloat64: masters too, to compare with finite differences
  bool has_gradient_checkpoints = false;  // keep only what enters each layer, and compute it again for the gradient
  int num_threads = 0;                    // 0: one for each processor this process may use
  ModelFormats base{};                    // of frozen weights, beside which an adapter learns; as stored unless given
  std::optional<LoraConfig> lora{};       // where it is there, it learns, and the weights are frozen
  double distillation = 0;                // share of the masked loss that the model's own next tokens teach, 0 to 1
  std::uint64_t seed = 42;                // of what is drawn: an adapter's first values and its dropout
};

/// Mean cross entropies in nats; 0 where no row has that loss.
struct Losses {
  double masked = 0;  // weighted as the batch's weights say
  double next_token = 0;
  double distilled = 0;  // of masks, weighted so too: divergence from the next-token row that predicts the same token
  double total = 0;      // of which the gradient is taken
  std::size_t num_masked = 0;
  std::size_t num_next = 0;
};

class TrainedModel {
 public:
  /// One of as many as there are `ranks`, which take their steps together. Copies the weights. Throws InvalidInput for
  /// a packed format without an adapter.
  TrainedModel(const WeightSource& source, const ModelConfig& config, const ModelOptions& options,
               const AdamW& optimizer, Ranks& ranks = Ranks::alone());
  ~TrainedModel();
  TrainedModel(const TrainedModel&) = delete;
  TrainedModel& operator=(const TrainedModel&) = delete;

  /// The losses of a batch, computed with dropout where an adapter has it; `share` x the gradient of the total is added
  /// to the gradients. `weights` are those of stream.losses, as loss_weights() makes them; `next_token_weight` is its
  /// argument. Throws ResourceError naming the batch's rows where memory does not suffice.
  Losses add_gradient(const DualStream& stream, std::span<const float> weights, double next_token_weight, double share);
  /// The same of several batches, up to num_at_once(), each computed by threads of its own. What is added is the same
  /// to the bit whichever of them is done first.
  std::vector<Losses> add_gradients(std::span<const DualStream> streams, std::span<const std::vector<float>> weights,
                                    double next_token_weight, double share);
  /// As packs_at_once() has it of what learns; 1 of an adapter, beside whose weights a copy is the least.
  int num_at_once() const;
  /// The losses alone.
  Losses losses(const DualStream& stream, std::span<const float> weights, double next_token_weight);
  /// Logits of those rows.  // [rows.size() x vocabulary]
  std::vector<double> logits(const DualStream& stream, const std::vector<std::int64_t>& rows);

  /// One step of the optimiser with the gradients, summed over all ranks, which are then zero. Returns their norm
  /// before clipping. Throws InvalidInput that names the first weight whose gradient is not finite; nothing has changed
  /// then.
  double step(double learning_rate);

  /// Names of the weights that learn: all in the order of weight_list(), or an adapter's
  /// ("model.layers.0.mlp.up_proj.lora_A.weight", ...).
  const std::vector<std::string>& names() const;
  /// Copies of what weights hold, those that are frozen too (of tied embeddings that are packed, the head's numbers),
  /// and of gradients.
  std::vector<double> weight(const std::string& name) const;
  std::vector<double> gradient(const std::string& name) const;
  void set_weight(const std::string& name, std::span<const double> values);

  /// Of all that was loaded and is not packed: equal in processes that loaded the same.
  std::uint64_t checksum() const;

  /// Writes the weights that learn as a safetensors file of that type, an adapter's under the names of PEFT. All ranks
  /// call this and those below; the first one writes and reads.
  void save_weights(const std::filesystem::path& path, DType type) const;
  /// Writes the masters that learn and the optimiser's state, and reads them; what is read gives the same next step to
  /// the bit. The latter throws InvalidInput for a file of another model.
  void save_state(const std::filesystem::path& path) const;
  void load_state(const std::filesystem::path& path);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wedlm::train
