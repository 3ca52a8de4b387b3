// The weights of a model that has learned nothing yet, as Hugging Face's Qwen2 and Qwen3 begin (transformers,
// `_init_weights`): matrices normal with mean 0 and one standard deviation for all, norms 1, biases 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>

#include "wedlm/model/weight_source.h"

namespace wedlm::train {

struct InitialOptions {
  double standard_deviation = 0.02;  // config.json calls it initializer_range
  std::uint64_t seed = 42;
  int num_threads = 0;  // 0: one for each processor this process may use
};

/// Float32. Each number is a function of the seed, the model's shape and its place in it, whatever order or threads
/// they are drawn in.
class InitialWeights final : public WeightSource {
 public:
  InitialWeights(const ModelConfig& config, const InitialOptions& options);

  HostWeight weight(std::string_view name) const override;
  std::size_t total_bytes() const override { return total_bytes_; }

 private:
  struct Place {
    Shape shape;
    std::uint64_t first_row = 0;  // of all rows of the model
  };

  InitialOptions options_;
  std::unordered_map<std::string, Place> places_;
  std::size_t total_bytes_ = 0;
};

}  // namespace wedlm::train
