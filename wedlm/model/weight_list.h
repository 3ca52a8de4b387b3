// Which tensors a model has: their names in a checkpoint and their shapes, as Hugging Face's Qwen2 and Qwen3 write
// them. A checkpoint either holds exactly these weights or is refused; those that go unnoticed are answers that go
// wrong.
#pragma once

#include <string>
#include <vector>

#include "wedlm/backend/weight_panels.h"
#include "wedlm/checkpoint/checkpoint.h"
#include "wedlm/model/model_config.h"
#include "wedlm/tensor/tensor.h"

namespace wedlm {

struct WeightSpec {
  std::string name;
  Shape shape;  // of a projection: [out_features, in_features]
  bool is_packed = false;
};

/// A matrix that a forward multiplies by: one weight, or several stacked along the outputs.
struct MatrixSpec {
  enum class Role { kLayer, kHead };

  std::string name;  // "model.layers.0.self_attn.qkv_proj"
  std::vector<std::string> parts;
  std::int64_t out_features = 0;
  std::int64_t in_features = 0;
  Role role = Role::kLayer;

  const WeightFormat& format(const ModelFormats& formats) const {
    return role == Role::kHead ? formats.head : formats.layers;
  }
  std::string packed_name() const { return name + ".packed"; }
  /// Its panels in a checkpoint quantized so. The format of its role is a packed one.
  WeightPanels panels(const Quantization& quantization) const;
};

/// Of one layer, in the order in which a forward reads them.
struct LayerMatrices {
  MatrixSpec qkv;
  MatrixSpec o;
  MatrixSpec gate_up;
  MatrixSpec down;
};
LayerMatrices layer_matrices(const ModelConfig& config, std::int64_t layer);
/// Whose weight is that of the embeddings where they are tied.
MatrixSpec head_matrix(const ModelConfig& config);
/// All of them, the head last.
std::vector<MatrixSpec> matrix_list(const ModelConfig& config);

/// Bytes of all matrices in these formats, of weights that a checkpoint has as `stored_type`.
std::int64_t matrix_bytes(const ModelConfig& config, const ModelFormats& formats, DType stored_type);

/// Every weight, in the order in which a forward reads them; lm_head.weight only where it is not tied.
std::vector<WeightSpec> weight_list(const ModelConfig& config);

/// The tensors of its checkpoint: weight_list(), but where the config says that it is quantized, each matrix of
/// a packed format stands as one tensor of panels, U8 [num_panels, panel_bytes], in place of its weights. Embeddings
/// stay.
std::vector<WeightSpec> stored_list(const ModelConfig& config);

/// Throws InvalidInput unless the checkpoint holds each of stored_list() in its shape and no other weight; the message
/// counts the tensors that are missing, extra or misshapen and names the first few. Allowed besides:
/// rotary_emb.inv_freq buffers, which old checkpoints carry and which follow from the config, the lm_head.weight of a
/// tied model where its bytes are those of model.embed_tokens.weight, and what can be no weight: integers, flags, and
/// outside the model's own modules tensors of a type or rank that none of its weights has.
void check_weights(const Checkpoint& checkpoint, const ModelConfig& config);

}  // namespace wedlm
