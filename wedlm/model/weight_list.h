// Which tensors a model has: their names in a checkpoint and their shapes, as Hugging Face's Qwen2 and Qwen3 write
// them. A checkpoint either holds exactly these or is refused; weights that go unnoticed are answers that go wrong.
#pragma once

#include <string>
#include <vector>

#include "wedlm/checkpoint/checkpoint.h"
#include "wedlm/model/model_config.h"
#include "wedlm/tensor/tensor.h"

namespace wedlm {

struct WeightSpec {
  std::string name;
  Shape shape;  // of a projection: [out_features, in_features]
};

/// Every weight, in the order in which a forward reads them; lm_head.weight only where it is not tied.
std::vector<WeightSpec> weight_list(const ModelConfig& config);

/// Throws InvalidInput unless the checkpoint holds each of weight_list() in its shape and nothing else; the message
/// counts the tensors that are missing, extra or misshapen and names the first few. Allowed besides:
/// rotary_emb.inv_freq buffers, which old checkpoints carry and which follow from the config, and the lm_head.weight of
/// a tied model where its bytes are those of model.embed_tokens.weight.
void check_weights(const Checkpoint& checkpoint, const ModelConfig& config);

}  // namespace wedlm
