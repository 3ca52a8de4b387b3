// What config.json and generation_config.json say about a model, validated once, at load, under Hugging Face's names.
// Qwen2.5 and Qwen3 decoders differ by booleans here and nowhere by files. It knows no tensor.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "wedlm/base/json.h"
#include "wedlm/base/prediction.h"
#include "wedlm/base/token_id.h"
#include "wedlm/model/quantization.h"
#include "wedlm/tensor/dtype.h"

namespace wedlm {

/// Every size is at least 1 and bounded, so that no product of them below overflows 64 bits.
struct ModelConfig {
  std::string model_type{};  // "wedlm", "qwen2" or "qwen3"
  std::int64_t vocab_size = 0;
  std::int64_t hidden_size = 0;
  std::int64_t intermediate_size = 0;
  std::int64_t num_hidden_layers = 0;
  std::int64_t num_attention_heads = 0;
  std::int64_t num_key_value_heads = 0;  // divides num_attention_heads
  std::int64_t head_dim = 0;             // even
  std::int64_t max_position_embeddings = 0;
  double rms_norm_eps = 0;
  double rope_theta = 0;
  bool tie_word_embeddings = false;
  bool attention_bias = false;  // a bias on the q, k and v projections
  bool o_proj_bias = false;     // and one on the attention's output projection
  bool qk_norm = false;         // RMS norm of each head of q and k, before the rotation
  TokenId mask_token_id = kNoToken;
  std::vector<TokenId> eos_token_ids{};
  std::optional<DType> torch_dtype{};
  std::optional<Quantization> quantization{};  // nullopt: every weight is a tensor of its own

  std::int64_t q_size() const { return num_attention_heads * head_dim; }
  std::int64_t kv_size() const { return num_key_value_heads * head_dim; }

  /// Elements of all weights; a tied head counts once.
  std::int64_t num_parameters() const;
  /// Bytes that one token takes in a KV cache of that type, over all layers.
  std::int64_t kv_bytes_per_token(DType dtype) const;

  bool operator==(const ModelConfig&) const = default;
};

/// Reads the members of config.json; keys it does not name are ignored.
///
/// - qwen2: a bias on q, k, v, no q/k norm, whatever the file says. qwen3: q/k norm; attention_bias (default false) is
///   on q, k, v and o. wedlm: both as the file says; qk_norm defaults to false and attention_bias to !qk_norm, the two
///   shapes that exist (Qwen2.5-like and Qwen3-like); the output projection has no bias.
/// - rope_theta may stand by itself or in rope_parameters. rms_norm_eps and rope_theta have no default: a wrong one
///   would go unnoticed.
/// - quantization_config is read_quantization()'s.
/// - mask_token_id defaults to 151665 where that is inside the vocabulary, else to kNoToken.
///
/// Throws InvalidInput naming the key, what was expected and what came, for members that are missing, of a wrong kind
/// or out of range, and for what is not supported: other architectures and activations, scaled RoPE, sliding windows,
/// weights that others quantized.
ModelConfig parse_model_config(const Json& config);

/// What a model's makers suggest for sampling; a request that says nothing takes these.
struct GenerationDefaults {
  std::optional<float> temperature{};  // do_sample false without a temperature is 0
  TokenFilters filters{};
  std::vector<TokenId> eos_token_ids{};
};

/// Reads generation_config.json; nullptr (no such file) gives no defaults. Throws InvalidInput naming the file and the
/// key for a value of a wrong kind or out of range; `vocab_size` bounds the token ids.
GenerationDefaults parse_generation_config(const Json* config,
                                           std::int64_t vocab_size = std::numeric_limits<TokenId>::max());

/// The tokens that end an answer: those of generation_config.json, else of config.json.
const std::vector<TokenId>& end_token_ids(const ModelConfig& config, const GenerationDefaults& defaults);

}  // namespace wedlm
