#include "wedlm/train/torch/forward.h"

#include <torch/torch.h>

#include <cmath>

#include "wedlm/train/torch/row_functions.h"
#include "wedlm/train/torch/segment_attention.h"

namespace wedlm::train {
namespace {

using at::Tensor;

constexpr std::int64_t kTileRows = 128;  // of attention: four blocks of the usual size

at::ScalarType wide_type(const Tensor& tensor) {
  return tensor.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
}

/// In float32 whatever the type of the rows (double stays), as Hugging Face has it.
Tensor normed(const Tensor& x, const Tensor& weight, double eps) {
  const auto wide = wide_type(x);
  return rms_norm(x.to(wide), weight.to(wide), eps).to(x.scalar_type());
}

}  // namespace

struct ForwardRows::Inputs {
  Tensor ids;       // [rows]
  Tensor cos, sin;  // [rows, head_dim / 2], float32 or double
  std::vector<AttentionTile> tiles;
  std::vector<std::int64_t> judged;
};

ForwardRows::ForwardRows(const ModelConfig& config, const DualStream& stream, const ForwardParts& parts,
                         std::vector<std::int64_t> judged)
    : config_(config), parts_(parts), inputs_(std::make_unique<Inputs>()) {
  const Tensor embedding = parts.weight("model.embed_tokens.weight");
  const std::int64_t half = config.head_dim / 2;
  const Rotation rotation = config.rotation(config.max_length());
  Tensor angles = at::empty({stream.num_rows(), 2, half}, at::kFloat);
  auto* angle = angles.data_ptr<float>();
  for (const std::int32_t position : stream.positions) {
    rope_angles_of(position, rotation, angle);
    angle += 2 * half;
  }
  angles = angles.to(embedding.options().dtype(wide_type(embedding)));
  inputs_->cos = angles.select(1, 0).contiguous();
  inputs_->sin = angles.select(1, 1).contiguous();
  inputs_->ids =
      at::tensor(std::vector<std::int64_t>(stream.ids.begin(), stream.ids.end()), at::kLong).to(embedding.device());
  inputs_->judged = std::move(judged);
  inputs_->tiles = attention_tiles(stream.segments, kTileRows);
}

ForwardRows::~ForwardRows() = default;

Tensor ForwardRows::embed() const {
  return at::embedding(parts_.weight("model.embed_tokens.weight"), inputs_->ids);
}

Tensor ForwardRows::layer(std::int64_t index, const Tensor& hidden) const {
  const std::string prefix = "model.layers." + std::to_string(index) + ".";
  bool is_judged = false;  // whether rows are those alone
  const auto weight = [&](const char* name) { return parts_.weight(prefix + name); };
  const auto project = [&](const Tensor& x, const std::string& name, bool has_bias) {
    const Tensor bias = has_bias ? parts_.weight(prefix + name + ".bias") : Tensor();
    const Tensor y = parts_.product(prefix + name + ".weight", x, bias);
    return parts_.adaptation ? parts_.adaptation(prefix + name, x, is_judged ? &inputs_->judged : nullptr, y) : y;
  };
  const auto heads = [&](const Tensor& x, std::int64_t count) { return x.view({x.size(0), count, config_.head_dim}); };
  const auto type = hidden.scalar_type(), wide = wide_type(hidden);
  const auto turned = [&](const Tensor& x) { return rotate(x.to(wide), inputs_->cos, inputs_->sin).to(type); };

  const Tensor x = normed(hidden, weight("input_layernorm.weight"), config_.rms_norm_eps);
  Tensor q = heads(project(x, "self_attn.q_proj", config_.attention_bias), config_.num_attention_heads);
  Tensor k = heads(project(x, "self_attn.k_proj", config_.attention_bias), config_.num_key_value_heads);
  const Tensor v = heads(project(x, "self_attn.v_proj", config_.attention_bias), config_.num_key_value_heads);
  if (config_.qk_norm) {
    q = normed(q, weight("self_attn.q_norm.weight"), config_.rms_norm_eps);
    k = normed(k, weight("self_attn.k_norm.weight"), config_.rms_norm_eps);
  }
  Tensor before = hidden;
  Tensor attended =
      segment_attention(turned(q), turned(k), v, inputs_->tiles, 1 / std::sqrt(static_cast<double>(config_.head_dim)))
          .flatten(1);
  if (index + 1 == config_.num_hidden_layers) {
    const Tensor rows = at::tensor(inputs_->judged, at::kLong).to(hidden.device());
    before = before.index_select(0, rows);
    attended = attended.index_select(0, rows);
    is_judged = true;
  }
  const Tensor after = before + project(attended, "self_attn.o_proj", config_.o_proj_bias);

  const Tensor y = normed(after, weight("post_attention_layernorm.weight"), config_.rms_norm_eps);
  const Tensor open =
      gated(project(y, "mlp.gate_proj", false).to(wide), project(y, "mlp.up_proj", false).to(wide)).to(type);
  return after + project(open, "mlp.down_proj", false);
}

Tensor ForwardRows::logits(const Tensor& hidden) const {
  const Tensor last = normed(hidden, parts_.weight("model.norm.weight"), config_.rms_norm_eps);
  return parts_.product(config_.tie_word_embeddings ? "model.embed_tokens.weight" : "lm_head.weight", last, Tensor());
}

}  // namespace wedlm::train
