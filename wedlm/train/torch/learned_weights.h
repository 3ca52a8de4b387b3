// The weights that learn, by name: masters, their gradients, AdamW over them, and the file that a run goes on from.
// Where several processes share a run, each keeps masters and AdamW's state of its part of every weight (ZeRO, stage 1:
// Rajbhandari et al. 2020) and the whole weights in the type that they are computed in.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wedlm/tensor/dtype.h"
#include "wedlm/train/torch/ranks.h"

namespace wedlm::train {

/// Source: Loshchilov and Hutter 2019, algorithm 2. No decay on norms and biases.
struct AdamW {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0.01;
  double max_gradient_norm = 1.0;  // to which the norm over all weights is clipped; 0: not at all
};

/// Of what each of several processes has whole.
enum class Replicas { kMasters, kBfloat16 };

class LearnedWeights {
 public:
  /// The same tensors in all processes, which become its own: they want gradients from now on, or are replaced.
  LearnedWeights(std::vector<std::pair<std::string, at::Tensor>> weights, const AdamW& optimizer, Replicas replicas,
                 Ranks& ranks);
  ~LearnedWeights();
  LearnedWeights(const LearnedWeights&) = delete;
  LearnedWeights& operator=(const LearnedWeights&) = delete;

  /// In the order in which they were given.
  const std::vector<std::string>& names() const;
  /// nullptr where none is called so; a replica, where there are some.
  const at::Tensor* find(const std::string& name) const;
  /// Lets so many threads take gradients at once, each with a copy of its own; 1 at first.
  void set_num_threads(int count);
  /// What a thread computes with, in the type of the replica where there is one: its gradient is added to the
  /// thread's.
  at::Tensor tracked(const std::string& name, int thread) const;
  /// Adds the gradients of all threads to those of the first, in their order, and forgets them there.
  void add_up_threads();
  /// Of what this process has computed since its last step; undefined where there is none.
  at::Tensor gradient(const std::string& name) const;

  /// As TrainedModel::step(), whose gradients are the sum over all processes.
  double step(double learning_rate);

  /// Writes the weights, each with `prefix` before its name, as a safetensors file of that type. All processes call
  /// this and those below, and the first one writes and reads.
  void save(const std::filesystem::path& path, DType type, std::string_view prefix) const;
  /// As those of TrainedModel. How many processes there are is not seen in the file.
  void save_state(const std::filesystem::path& path) const;
  void load_state(const std::filesystem::path& path);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wedlm::train
