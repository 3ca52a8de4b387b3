// A model whose every row has the same logits, whatever it sees: what is drawn from it has one known distribution.
#pragma once

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/data.h"
#include "wedlm/checkpoint/safetensors_writer.h"
#include "wedlm/engine/loaded_model.h"

namespace wedlm {

/// One layer that adds nothing to embeddings of ones, and a head that has the logits in its first column. The mask
/// token comes after the last of them.
inline std::unique_ptr<LoadedModel> constant_model(const std::vector<float>& logits, const std::string& backend) {
  constexpr std::int64_t kHidden = 8;
  const std::int64_t vocab_size = std::ssize(logits) + 1;
  struct Part {
    std::string name;
    Shape shape;
    float value;
  };
  const std::string layer = "model.layers.0.";
  const std::vector<Part> parts = {{"model.embed_tokens.weight", {vocab_size, kHidden}, 1},
                                   {layer + "input_layernorm.weight", {kHidden}, 1},
                                   {layer + "self_attn.q_proj.weight", {kHidden, kHidden}, 0},
                                   {layer + "self_attn.k_proj.weight", {kHidden, kHidden}, 0},
                                   {layer + "self_attn.v_proj.weight", {kHidden, kHidden}, 0},
                                   {layer + "self_attn.q_norm.weight", {kHidden}, 1},
                                   {layer + "self_attn.k_norm.weight", {kHidden}, 1},
                                   {layer + "self_attn.o_proj.weight", {kHidden, kHidden}, 0},
                                   {layer + "post_attention_layernorm.weight", {kHidden}, 1},
                                   {layer + "mlp.gate_proj.weight", {kHidden, kHidden}, 0},
                                   {layer + "mlp.up_proj.weight", {kHidden, kHidden}, 0},
                                   {layer + "mlp.down_proj.weight", {kHidden, kHidden}, 0},
                                   {"model.norm.weight", {kHidden}, 1},
                                   {"lm_head.weight", {vocab_size, kHidden}, 0}};
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "config.json")
      << R"({"model_type": "wedlm", "qk_norm": true, "vocab_size": )" << vocab_size
      << R"(, "hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1,
             "num_key_value_heads": 1, "head_dim": 8, "max_position_embeddings": 4096, "rms_norm_eps": 1e-12,
             "rope_theta": 10000.0, "tie_word_embeddings": false, "mask_token_id": )"
      << vocab_size - 1 << "}";
  std::vector<TensorPlan> plans;
  for (const Part& part : parts) plans.push_back({.name = part.name, .dtype = DType::kF32, .shape = part.shape});
  SafetensorsWriter writer(folder.path() / "model.safetensors", plans);
  for (const Part& part : parts) {
    std::vector<float> values(static_cast<std::size_t>(part.shape.num_elements()), part.value);
    for (std::size_t v = 0; part.name == "lm_head.weight" && v < logits.size(); ++v) values[v * kHidden] = logits[v];
    writer.write(std::as_bytes(std::span(values)));
  }
  writer.finish();
  return LoadedModel::load(folder.path(), {.backend = {.name = backend, .cpu = {.num_threads = 1}}});
}

}  // namespace wedlm
