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

/// The rows of a forward on their device, with what all layers need of them.
class ForwardRows {
 public:
  /// `weights` tells type and device.
  ForwardRows(const ModelConfig& config, const DualStream& stream, const WeightOf& weights);
  ~ForwardRows();
  ForwardRows(const ForwardRows&) = delete;
  ForwardRows& operator=(const ForwardRows&) = delete;

  /// Hidden states before the first layer.  // [rows, hidden]
  at::Tensor embed() const;
  /// One layer.  // [rows, hidden] -> [rows, hidden]
  at::Tensor layer(std::int64_t index, const at::Tensor& hidden) const;
  /// Logits of those rows that have a loss, in their order.  // [rows, hidden] -> [losses, vocabulary]
  at::Tensor logits(const at::Tensor& hidden, const std::vector<std::int64_t>& rows) const;

 private:
  struct Inputs;

  const ModelConfig& config_;
  const WeightOf& weights_;
  std::unique_ptr<Inputs> inputs_;
};

}  // namespace wedlm::train
