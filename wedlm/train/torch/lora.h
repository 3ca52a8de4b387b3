// LoRA (Hu et al. 2021): beside frozen weights W two small matrices that learn, x W^T + scale (dropout(x) A^T) B^T.
// They begin as in PEFT: A uniform within 1 / sqrt(in_features), which is its kaiming_uniform of sqrt(5), and B zero.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "wedlm/checkpoint/lora_config.h"
#include "wedlm/model/model_config.h"
#include "wedlm/train/rows/dual_stream.h"
#include "wedlm/train/torch/forward.h"

namespace wedlm::train {

class LoraLayers {
 public:
  /// First values are a function of the seed and the module. `is_double`: float64 masters, else float32.
  LoraLayers(const ModelConfig& model, const LoraConfig& lora, std::uint64_t seed, bool is_double);
  ~LoraLayers();
  LoraLayers(const LoraLayers&) = delete;
  LoraLayers& operator=(const LoraLayers&) = delete;

  /// "model.layers.0.self_attn.q_proj.lora_A.weight" [rank, in_features], its lora_B.weight [out_features, rank], ...
  const std::vector<std::pair<std::string, at::Tensor>>& weights() const;

  /// What these add to a forward over the rows of `stream`; it must not outlive either. With dropout, whose draws are a
  /// function of the seed, stream.place and the module: however often a layer is computed, they are the same.
  Adaptation adaptation(const DualStream& stream, bool has_dropout) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wedlm::train
