// The transformer over the rows of a batch, as equations of LibTorch's operations: Qwen2.5's and Qwen3's decoder, whose
// weights are called as Hugging Face calls them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "wedlm/model/model_config.h"
#include "wedlm/train/rows/dual_stream.h"

namespace at {
class Tensor;
}  // namespace at

namespace wedlm::train {

/// The weight of that name, in the type that products are computed in.
using WeightOf = std::function<at::Tensor(const std::string& name)>;

/// x W^T + bias, which may be undefined, of the matrix W of that name.  // [rows, in] -> [rows, out]
using ProductOf = std::function<at::Tensor(const std::string& name, const at::Tensor& x, const at::Tensor& bias)>;

/// What becomes of a projection's result y where something is added to it: the module, such as
/// "model.layers.0.mlp.up_proj", the rows x that entered, which of the forward's they are (nullptr: all), and y.
/// x: [rows, in], y: [rows, out] -> as y
using Adaptation = std::function<at::Tensor(const std::string& module, const at::Tensor& x,
                                            const std::vector<std::int64_t>* rows, const at::Tensor& y)>;

/// What a forward computes with.
struct ForwardParts {
  WeightOf weight;        // tells type and device
  ProductOf product;      // for every matrix but the embeddings
  Adaptation adaptation;  // adds nothing where it is empty
};

/// The rows of a forward on their device, with what all layers need of them.
class ForwardRows {
 public:
  /// Of `judged` there will be logits; the last layer computes no others after its attention. All have to live as long.
  ForwardRows(const ModelConfig& config, const DualStream& stream, const ForwardParts& parts,
              std::vector<std::int64_t> judged);
  ~ForwardRows();
  ForwardRows(const ForwardRows&) = delete;
  ForwardRows& operator=(const ForwardRows&) = delete;

  /// Hidden states before the first layer.  // [rows, hidden]
  at::Tensor embed() const;
  /// One layer.  // [rows, hidden] -> [rows, hidden], of the last one [judged, hidden]
  at::Tensor layer(std::int64_t index, const at::Tensor& hidden) const;
  /// In the order of `judged`.  // [judged, hidden] -> [judged, vocabulary]
  at::Tensor logits(const at::Tensor& hidden) const;

 private:
  struct Inputs;

  const ModelConfig& config_;
  const ForwardParts& parts_;
  std::unique_ptr<Inputs> inputs_;
};

}  // namespace wedlm::train
