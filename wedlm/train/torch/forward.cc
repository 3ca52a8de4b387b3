#include "wedlm/train/torch/forward.h"

#include <torch/torch.h>

#include <cmath>

#include "wedlm/train/torch/segment_attention.h"

namespace wedlm::train {
namespace {

using at::Tensor;

constexpr std::int64_t kTileRows = 128;  // of attention: four blocks of the usual size

/// In float32 whatever the type of the rows (double stays), as Hugging Face has it.
Tensor rms_norm(const Tensor& x, const Tensor& weight, double eps) {
  const auto wide = x.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  const Tensor rows = x.to(wide);
  const Tensor scaled = rows * at::rsqrt(rows.square().mean(-1, true) + eps);
  return (scaled * weight.to(wide)).to(x.scalar_type());
}

/// Turns pairs (i, i + d/2) of each head.  // x: [rows, heads, d]; cos and sin: [rows, 1, d/2]
Tensor rotate(const Tensor& x, const Tensor& cos, const Tensor& sin) {
  const auto halves = x.chunk(2, -1);
  return at::cat({halves[0] * cos - halves[1] * sin, halves[1] * cos + halves[0] * sin}, -1);
}

}  // namespace

struct ForwardRows::Inputs {
  Tensor ids;       // [rows]
  Tensor cos, sin;  // [rows, 1, head_dim / 2]
  std::vector<AttentionTile> tiles;
};

ForwardRows::ForwardRows(const ModelConfig& config, const DualStream& stream, const ForwardParts& parts)
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
  angles = angles.to(embedding.options());
  inputs_->cos = angles.select(1, 0).unsqueeze(1);
  inputs_->sin = angles.select(1, 1).unsqueeze(1);
  inputs_->ids =
      at::tensor(std::vector<std::int64_t>(stream.ids.begin(), stream.ids.end()), at::kLong).to(embedding.device());
  inputs_->tiles = attention_tiles(stream.segments, kTileRows);
}

ForwardRows::~ForwardRows() = default;

Tensor ForwardRows::embed() const {
  return at::embedding(parts_.weight("model.embed_tokens.weight"), inputs_->ids);
}

Tensor ForwardRows::layer(std::int64_t index, const Tensor& hidden) const {
  const std::string prefix = "model.layers." + std::to_string(index) + ".";
  const auto weight = [&](const char* name) { return parts_.weight(prefix + name); };
  const auto project = [&](const Tensor& x, const std::string& name, bool has_bias) {
    const Tensor bias = has_bias ? parts_.weight(prefix + name + ".bias") : Tensor();
    const Tensor y = parts_.product(prefix + name + ".weight", x, bias);
    return parts_.adaptation ? parts_.adaptation(prefix + name, x, y) : y;
  };
  const auto heads = [&](const Tensor& x, std::int64_t count) { return x.view({x.size(0), count, config_.head_dim}); };

  const Tensor x = rms_norm(hidden, weight("input_layernorm.weight"), config_.rms_norm_eps);
  Tensor q = heads(project(x, "self_attn.q_proj", config_.attention_bias), config_.num_attention_heads);
  Tensor k = heads(project(x, "self_attn.k_proj", config_.attention_bias), config_.num_key_value_heads);
  const Tensor v = heads(project(x, "self_attn.v_proj", config_.attention_bias), config_.num_key_value_heads);
  if (config_.qk_norm) {
    q = rms_norm(q, weight("self_attn.q_norm.weight"), config_.rms_norm_eps);
    k = rms_norm(k, weight("self_attn.k_norm.weight"), config_.rms_norm_eps);
  }
  const Tensor attended =
      segment_attention(rotate(q, inputs_->cos, inputs_->sin), rotate(k, inputs_->cos, inputs_->sin), v, inputs_->tiles,
                        1 / std::sqrt(static_cast<double>(config_.head_dim)));
  const Tensor after = hidden + project(attended.flatten(1), "self_attn.o_proj", config_.o_proj_bias);

  const Tensor y = rms_norm(after, weight("post_attention_layernorm.weight"), config_.rms_norm_eps);
  const Tensor gated = at::silu(project(y, "mlp.gate_proj", false)) * project(y, "mlp.up_proj", false);
  return after + project(gated, "mlp.down_proj", false);
}

Tensor ForwardRows::logits(const Tensor& hidden, const std::vector<std::int64_t>& rows) const {
  const Tensor chosen = hidden.index_select(0, at::tensor(rows, at::kLong).to(hidden.device()));
  const Tensor normed = rms_norm(chosen, parts_.weight("model.norm.weight"), config_.rms_norm_eps);
  return parts_.product(config_.tie_word_embeddings ? "model.embed_tokens.weight" : "lm_head.weight", normed, Tensor());
}

}  // namespace wedlm::train
