// Configurations of checkpoints on the Hugging Face Hub, for numbers that are published.
#pragma once

#include "wedlm/model/model_config.h"

namespace wedlm {

/// tencent/WeDLM-8B-Base: 399 tensors.
inline ModelConfig wedlm_8b() {
  return {.vocab_size = 151936,
          .hidden_size = 4096,
          .intermediate_size = 12288,
          .num_hidden_layers = 36,
          .num_attention_heads = 32,
          .num_key_value_heads = 8,
          .head_dim = 128,
          .qk_norm = true};
}

/// Qwen/Qwen2.5-7B.
inline ModelConfig qwen_7b() {
  return {.vocab_size = 152064,
          .hidden_size = 3584,
          .intermediate_size = 18944,
          .num_hidden_layers = 28,
          .num_attention_heads = 28,
          .num_key_value_heads = 4,
          .head_dim = 128,
          .attention_bias = true};
}

/// Qwen/Qwen2.5-0.5B.
inline ModelConfig qwen_half_b() {
  return {.vocab_size = 151936,
          .hidden_size = 896,
          .intermediate_size = 4864,
          .num_hidden_layers = 24,
          .num_attention_heads = 14,
          .num_key_value_heads = 2,
          .head_dim = 64,
          .tie_word_embeddings = true,
          .attention_bias = true};
}

}  // namespace wedlm
