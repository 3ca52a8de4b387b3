// The weights that learn, by name: masters, their gradients, AdamW over them, and the file that a run goes on from.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wedlm/tensor/dtype.h"

namespace at {
class Tensor;
}  // namespace at

namespace wedlm::train {

/// Source: Loshchilov and Hutter 2019, algorithm 2. No decay on norms and biases.
struct AdamW {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0.01;
  double max_gradient_norm = 1.0;  // to which the norm over all weights is clipped; 0: not at all
};

class LearnedWeights {
 public:
  /// The tensors want gradients from now on.
  LearnedWeights(const std::vector<std::pair<std::string, at::Tensor>>& weights, const AdamW& optimizer);
  ~LearnedWeights();
  LearnedWeights(const LearnedWeights&) = delete;
  LearnedWeights& operator=(const LearnedWeights&) = delete;

  /// In the order in which they were given.
  const std::vector<std::string>& names() const;
  /// nullptr where none is called so.
  const at::Tensor* find(const std::string& name) const;

  /// As TrainedModel::step().
  double step(double learning_rate);

  /// Writes the weights, each with `prefix` before its name, as a safetensors file of that type.
  void save(const std::filesystem::path& path, DType type, std::string_view prefix) const;
  /// As those of TrainedModel.
  void save_state(const std::filesystem::path& path) const;
  void load_state(const std::filesystem::path& path);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wedlm::train
