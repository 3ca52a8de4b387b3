// Frozen weights in a packed format (tensor/weight_format.h), int8 or int4, for what learns beside them: the very
// values that the engine has of the same format. They become numbers where a product needs them, forwards and for the
// gradient, one matrix at a time.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "wedlm/model/quantization.h"
#include "wedlm/model/weight_source.h"

namespace at {
class Tensor;
}  // namespace at

namespace wedlm::train {

class PackedWeight;

class PackedWeights {
 public:
  PackedWeights();
  /// The matrices that `formats` packs, rounded as they are read, or as a quantized checkpoint has them. Throws
  /// InvalidInput where a weight is not finite.
  PackedWeights(const WeightSource& source, const ModelConfig& config, const ModelFormats& formats);
  ~PackedWeights();
  PackedWeights(PackedWeights&& other) noexcept;
  PackedWeights& operator=(PackedWeights&& other) noexcept;

  /// By the name of a weight; the embeddings' name is that of the head where they are tied.
  bool has(const std::string& name) const { return weights_.contains(name); }
  /// As float32.  // [out_features, in_features]
  at::Tensor weight(const std::string& name) const;
  /// x W^T + bias, which may be undefined; keeps nothing of W for the gradient.  // [rows, in] -> [rows, out]
  at::Tensor product(const std::string& name, const at::Tensor& x, const at::Tensor& bias) const;

 private:
  std::unordered_map<std::string, std::unique_ptr<const PackedWeight>> weights_;
};

}  // namespace wedlm::train
