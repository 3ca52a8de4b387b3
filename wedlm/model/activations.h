// The memory in which a forward computes, made once for the largest one.
#pragma once

#include <cstdint>

#include "wedlm/backend/backend.h"
#include "wedlm/model/model_config.h"

namespace wedlm {

/// How large a forward may be.
struct ForwardLimits {
  std::int64_t rows = 0;
  std::int64_t predictions = 0;
};

/// What a forward over `rows` rows writes on its way. All have the activations' type.
struct ActivationTensors {
  Tensor hidden;      // [rows, hidden_size] the residual stream
  Tensor normed;      // [rows, hidden_size]
  Tensor branch;      // [rows, hidden_size] what a sublayer adds to the stream
  Tensor angles;      // [rows, head_dim]
  Tensor qkv;         // [rows, q_size + 2 * kv_size]
  Tensor attended;    // [rows, q_size]
  Tensor gate_up;     // [rows, 2 * intermediate_size]
  Tensor activated;   // [rows, intermediate_size]
  Tensor predicting;  // [predictions, hidden_size]
};

class Activations {
 public:
  /// Throws ResourceError where the memory cannot be had.
  Activations(Backend& backend, const ModelConfig& config, const ForwardLimits& limits, DType dtype = DType::kF32);

  /// Bytes that they take.
  static std::size_t bytes(const ModelConfig& config, const ForwardLimits& limits, DType dtype = DType::kF32);

  /// For a forward of so many rows and predictions; the memory is the same each time. Throws InternalError beyond the
  /// limits.
  ActivationTensors tensors(std::int64_t rows, std::int64_t predictions) const;

 private:
  ModelConfig config_;
  ForwardLimits limits_;
  DType dtype_;
  Buffer buffer_;
};

}  // namespace wedlm
