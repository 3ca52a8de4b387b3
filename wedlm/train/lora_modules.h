// Which linear layers of a model an adapter changes, and what model and adapter come to. Free of LibTorch.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "wedlm/checkpoint/lora_config.h"
#include "wedlm/model/model_config.h"

namespace wedlm::train {

struct LoraModule {
  std::string name;  // "model.layers.0.mlp.up_proj"
  std::int64_t out_features = 0;
  std::int64_t in_features = 0;
};

/// In the order of weight_list().
std::vector<LoraModule> lora_modules(const ModelConfig& model, const LoraConfig& lora);

/// Numbers in all matrices of the adapter.
std::int64_t num_parameters(const ModelConfig& model, const LoraConfig& lora);

/// Bytes of frozen weights: matrices in these formats, what is not packed in the type that products are computed in.
std::int64_t frozen_bytes(const ModelConfig& model, const ModelFormats& formats, DType computing);

}  // namespace wedlm::train
