// A LoRA adapter's folder, as Hugging Face's PEFT writes it: adapter_config.json (lora_config.h), and in
// adapter_model.safetensors two matrices for each weight that it changes.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "wedlm/checkpoint/lora_config.h"
#include "wedlm/checkpoint/safetensors.h"
#include "wedlm/tensor/tensor.h"

namespace wedlm {

/// What is added to one weight: scale B A. The views are not always aligned.
struct LoraPair {
  ConstTensor a;  // [rank, in_features]
  ConstTensor b;  // [out_features, rank]
  double scale = 0;

  std::int64_t rank() const { return a.rows(); }
};

class LoraAdapter {
 public:
  /// Throws as read_lora_config(), InvalidInput naming the tensor that is none of LoRA's, has no counterpart or another
  /// rank than it, and ResourceError where a file is missing or cannot be read.
  static LoraAdapter open(const std::filesystem::path& folder);

  const std::filesystem::path& folder() const { return folder_; }
  const StoredLoraConfig& config() const { return config_; }
  /// By module, such as "model.layers.0.mlp.up_proj". The views live as long as this object and what it is moved to.
  const std::map<std::string, LoraPair>& pairs() const { return pairs_; }

 private:
  LoraAdapter(std::filesystem::path folder, StoredLoraConfig config, SafetensorsFile file);
  void pair_up();

  std::filesystem::path folder_;
  StoredLoraConfig config_;
  SafetensorsFile file_;
  std::map<std::string, LoraPair> pairs_;
};

}  // namespace wedlm
