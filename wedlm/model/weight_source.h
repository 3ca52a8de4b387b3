// Where the weights of a transformer come from, one at a time: a checkpoint's mapped files, or random numbers where
// only time is asked for (random_weights.h). The transformer lays each out for its backend and does not know the
// difference.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "wedlm/backend/weight_panels.h"
#include "wedlm/checkpoint/checkpoint.h"
#include "wedlm/model/model_config.h"
#include "wedlm/model/weight_list.h"
#include "wedlm/tensor/tensor.h"

namespace wedlm {

/// One weight on the host.
struct HostWeight {
  ConstTensor tensor;
  Buffer memory{};  // what the tensor looks at, where nothing else keeps it
};

/// One matrix in panels on the host.
struct HostMatrix {
  PackedMatrix panels{};
  Buffer memory{};  // what the panels look at, where nothing else keeps it
};

class WeightSource {
 public:
  virtual ~WeightSource() = default;

  /// The weight of that name in weight_list(). Throws InternalError for any other name.
  virtual HostWeight weight(std::string_view name) const = 0;
  /// The matrix of that name, as matrix_list() calls it, where the source has it in panels; nullopt where it only has
  /// the weights that it is made of.
  virtual std::optional<HostMatrix> packed(const MatrixSpec& matrix) const;
  /// Bytes of all weights, for progress.
  virtual std::size_t total_bytes() const = 0;
};

class CheckpointWeights final : public WeightSource {
 public:
  /// Throws as check_weights(). The checkpoint must outlive what is made of its weights.
  CheckpointWeights(const Checkpoint& checkpoint, const ModelConfig& config);

  /// The weight of that name as it lies in its file, aligned for its type or not.
  const ConstTensor& stored(std::string_view name) const;
  /// A copy where it is not aligned.
  HostWeight weight(std::string_view name) const override;
  /// Throws InvalidInput naming a tensor whose scales are not finite.
  std::optional<HostMatrix> packed(const MatrixSpec& matrix) const override;
  std::size_t total_bytes() const override;

 private:
  const Checkpoint& checkpoint_;
  std::optional<Quantization> quantization_;
};

}  // namespace wedlm
