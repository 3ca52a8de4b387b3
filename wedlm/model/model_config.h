// What config.json says about a model, validated once, at load, under Hugging Face's names. Qwen2.5 and Qwen3 decoders
// differ by booleans here and nowhere by files. It knows no tensor.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wedlm/base/json.h"
#include "wedlm/base/token_id.h"
#include "wedlm/model/quantization.h"
#include "wedlm/model/rope.h"
#include "wedlm/tensor/dtype.h"

namespace wedlm {

/// The mask of the released models: the first id after Qwen's own special tokens.
constexpr TokenId kUsualMaskTokenId = 151665;

/// Who named the mask token; of two, the later one here counts.
enum class MaskSource {
  kNobody,     // there is none, and decoding is autoregressive
  kAssumed,    // a WeDLM checkpoint that says nothing: kUsualMaskTokenId
  kTokenizer,  // mask_token of tokenizer_config.json
  kConfig,     // mask_token_id of config.json
  kCaller,     // --mask-token-id
};

/// "assumed", "config.json", ...; "none" for kNobody.
std::string_view mask_source_name(MaskSource source);

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
  RopeConfig rope{};
  bool tie_word_embeddings = false;
  bool attention_bias = false;       // a bias on the q, k and v projections
  bool o_proj_bias = false;          // and one on the attention's output projection
  bool qk_norm = false;              // RMS norm of each head of q and k, before the rotation
  TokenId mask_token_id = kNoToken;  // name_mask_token() sets it with its source
  MaskSource mask_source = MaskSource::kNobody;
  std::vector<TokenId> eos_token_ids{};
  std::optional<DType> torch_dtype{};
  std::optional<Quantization> quantization{};  // nullopt: every weight is a tensor of its own

  std::int64_t q_size() const { return num_attention_heads * head_dim; }
  std::int64_t kv_size() const { return num_key_value_heads * head_dim; }

  /// Elements of all weights; a tied head counts once.
  std::int64_t num_parameters() const;
  /// Bytes that one token takes in a KV cache of that type, over all layers.
  std::int64_t kv_bytes_per_token(DType dtype) const;

  /// Positions that a sequence may have: max_position_embeddings, or more where the rotation is stretched.
  std::int64_t max_length() const { return max_positions(rope, max_position_embeddings); }
  /// That of every key and query, for sequences of up to `length` positions.
  Rotation rotation(std::int64_t length) const { return rotation_of(rope, head_dim, max_position_embeddings, length); }

  /// Throws InvalidInput "WHAT ID is outside the vocabulary of SIZE" for the first id that is.
  void check_vocabulary(std::string_view what, std::span<const TokenId> ids) const;

  bool operator==(const ModelConfig&) const = default;
};

/// Reads the members of config.json; keys it does not name are ignored. `what` names it in messages.
///
/// - qwen2: a bias on q, k, v, no q/k norm, whatever the file says. qwen3: q/k norm; attention_bias (default false) is
///   on q, k, v and o. wedlm: both as the file says; qk_norm defaults to false and attention_bias to !qk_norm, the two
///   shapes that exist (Qwen2.5-like and Qwen3-like); the output projection has no bias.
/// - The rotation is read_rope()'s. rms_norm_eps has no default: a wrong one would go unnoticed.
/// - quantization_config is read_quantization()'s.
/// - Without a mask_token_id, a checkpoint of type wedlm is taken to have 151665 where that is inside its vocabulary.
/// In
///   those of other types it is a token like any other, and they have no mask.
///
/// Throws InvalidInput naming the key, what was expected and what came, for members that are missing, of a wrong kind
/// or out of range, and for what is not supported: other architectures and activations, other kinds of RoPE, sliding
/// windows, weights that others quantized.
ModelConfig parse_model_config(const Json& config, const std::string& what = "config.json");

/// Takes the id of a mask token that `source` names, unless one that counts more is named already. Throws InvalidInput
/// for an id outside the vocabulary.
void name_mask_token(ModelConfig& config, MaskSource source, TokenId id);

}  // namespace wedlm
