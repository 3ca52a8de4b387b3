#include "wedlm/gguf/gguf_metadata.h"

#include <algorithm>
#include <array>
#include <utility>

#include "wedlm/base/error.h"

namespace wedlm {
namespace {

constexpr std::string_view kLayers = "model.layers.";

/// Modules of a layer and of the model.
constexpr std::array kModules = {
    std::pair{std::string_view("model.embed_tokens"), std::string_view("token_embd")},
    std::pair{std::string_view("model.norm"), std::string_view("output_norm")},
    std::pair{std::string_view("lm_head"), std::string_view("output")},
    std::pair{std::string_view("input_layernorm"), std::string_view("attn_norm")},
    std::pair{std::string_view("self_attn.q_proj"), std::string_view("attn_q")},
    std::pair{std::string_view("self_attn.k_proj"), std::string_view("attn_k")},
    std::pair{std::string_view("self_attn.v_proj"), std::string_view("attn_v")},
    std::pair{std::string_view("self_attn.o_proj"), std::string_view("attn_output")},
    std::pair{std::string_view("self_attn.q_norm"), std::string_view("attn_q_norm")},
    std::pair{std::string_view("self_attn.k_norm"), std::string_view("attn_k_norm")},
    std::pair{std::string_view("post_attention_layernorm"), std::string_view("ffn_norm")},
    std::pair{std::string_view("mlp.gate_proj"), std::string_view("ffn_gate")},
    std::pair{std::string_view("mlp.up_proj"), std::string_view("ffn_up")},
    std::pair{std::string_view("mlp.down_proj"), std::string_view("ffn_down")},
};

constexpr std::uint32_t kQuantizationVersion = 2;  // GGML_QNT_VERSION

/// llama_ftype of llama.h: of most of the tensors.
std::uint32_t file_type(GgufType type) {
  switch (type) {
    case GgufType::kF32:
      return 0;
    case GgufType::kF16:
      return 1;
    case GgufType::kBF16:
      return 32;
    case GgufType::kQ8_0:
      return 7;
    case GgufType::kQ4_0:
      return 2;
  }
  throw InternalError("gguf: not a type of tensors");
}

/// llama_token_type of llama.h.
std::int32_t token_type(TokenKind kind) {
  switch (kind) {
    case TokenKind::kText:
      return 1;
    case TokenKind::kSpecial:
      return 3;
    case TokenKind::kAdded:
      return 4;
    case TokenKind::kUnused:
      return 5;
  }
  throw InternalError("gguf: not a kind of token");
}

/// That of llama.cpp which computes the same.
std::string architecture_of(const ModelConfig& config) {
  if (config.o_proj_bias) throw InvalidInput("gguf: llama.cpp's Qwen decoders have no bias of the attention's output");
  if (config.qk_norm == config.attention_bias) {
    throw InvalidInput(config.qk_norm ? "gguf: llama.cpp's Qwen3 has no biases of queries, keys and values"
                                      : "gguf: llama.cpp's Qwen2 needs biases of queries, keys and values");
  }
  return config.qk_norm ? "qwen3" : "qwen2";
}

class MetadataMaker {
 public:
  explicit MetadataMaker(const ModelConfig& config) : config_(config), architecture_(architecture_of(config)) {}

  void add(std::string key, GgufValue value) { list_.push_back({std::move(key), std::move(value)}); }
  void add_of_architecture(const char* key, GgufValue value) { add(architecture_ + "." + key, std::move(value)); }
  void add_size(const char* key, std::int64_t size) { add_of_architecture(key, static_cast<std::uint32_t>(size)); }

  void add_general(const std::string& name, GgufType type) {
    add("general.architecture", architecture_);
    add("general.type", std::string("model"));
    add("general.name", name);
    add("general.file_type", file_type(type));
    if (elements_per_block(type) > 1) add("general.quantization_version", kQuantizationVersion);
  }

  void add_sizes() {
    add_size("context_length", config_.max_length());
    add_size("embedding_length", config_.hidden_size);
    add_size("block_count", config_.num_hidden_layers);
    add_size("feed_forward_length", config_.intermediate_size);
    add_size("attention.head_count", config_.num_attention_heads);
    add_size("attention.head_count_kv", config_.num_key_value_heads);
    add_size("attention.key_length", config_.head_dim);
    add_size("attention.value_length", config_.head_dim);
    add_of_architecture("attention.layer_norm_rms_epsilon", static_cast<float>(config_.rms_norm_eps));
    add_size("vocab_size", config_.vocab_size);
  }

  void add_rotation() {
    const RopeConfig& rope = config_.rope;
    add_of_architecture("rope.freq_base", static_cast<float>(rope.theta));
    add_size("rope.dimension_count", config_.head_dim);
    if (rope.type == RopeType::kDefault) return;
    RopeConfig plain{.type = rope.type, .theta = rope.theta, .factor = rope.factor};
    plain.original_positions = rope.original_positions;
    if ((rope.type != RopeType::kLinear && rope.type != RopeType::kYarn) || rope != plain) {
      throw InvalidInput(
          "gguf: expected a rotation that is not stretched, by linear, or by yarn without settings "
          "besides its factor, got " +
          std::string(rope_type_name(rope.type)));
    }
    add_of_architecture("rope.scaling.type", std::string(rope_type_name(rope.type)));
    add_of_architecture("rope.scaling.factor", static_cast<float>(rope.factor));
    if (rope.type == RopeType::kYarn) add_size("rope.scaling.original_context_length", rope.original_positions);
  }

  void add_text(const GgufText& text) {
    if (!text.tokenizer) {
      add("tokenizer.ggml.model", std::string("none"));
      return;
    }
    const TokenizerTables& tables = *text.tokenizer;
    add("tokenizer.ggml.model", std::string("gpt2"));
    add("tokenizer.ggml.pre", std::string("qwen2"));
    add_tokens(tables);
    add("tokenizer.ggml.merges", tables.merges);
    add_token("tokenizer.ggml.bos_token_id", tables.begin ? tables.begin : tables.bos);
    const std::vector<TokenId>& ends = config_.eos_token_ids;
    add_token("tokenizer.ggml.eos_token_id", tables.eos || ends.empty() ? tables.eos : ends.front());
    add_token("tokenizer.ggml.padding_token_id", tables.pad);
    add_token("tokenizer.ggml.mask_token_id",
              config_.mask_source == MaskSource::kConfig || !tables.mask ? mask_of_config() : tables.mask);
    add("tokenizer.ggml.add_bos_token", tables.begin.has_value());
    if (text.chat_template) add("tokenizer.chat_template", *text.chat_template);
  }

  std::vector<GgufMetadata> take() { return std::move(list_); }

 private:
  std::optional<TokenId> mask_of_config() const {
    return config_.mask_token_id == kNoToken ? std::nullopt : std::optional(config_.mask_token_id);
  }

  void add_token(const char* key, std::optional<TokenId> id) {
    if (id) add(key, static_cast<std::uint32_t>(*id));
  }

  void add_tokens(const TokenizerTables& tables) {
    const auto size = static_cast<std::size_t>(config_.vocab_size);
    if (tables.texts.size() > size) {
      throw InvalidInput("gguf: the tokenizer has " + std::to_string(tables.texts.size()) +
                         " tokens and the model only " + std::to_string(size));
    }
    std::vector<std::string> texts = tables.texts;
    texts.resize(size);
    std::vector<std::int32_t> types(size, token_type(TokenKind::kUnused));
    std::ranges::transform(tables.kinds, types.begin(), token_type);
    for (std::size_t id = 0; id < size; ++id) {
      if (types[id] == token_type(TokenKind::kUnused)) texts[id] = "[PAD" + std::to_string(id) + "]";
    }
    add("tokenizer.ggml.tokens", std::move(texts));
    add("tokenizer.ggml.token_type", std::move(types));
  }

  const ModelConfig& config_;
  std::string architecture_;
  std::vector<GgufMetadata> list_;
};

}  // namespace

std::vector<GgufMetadata> gguf_metadata(const std::string& name, const ModelConfig& config, GgufType type,
                                        const GgufText& text) {
  MetadataMaker maker(config);
  maker.add_general(name, type);
  maker.add_sizes();
  maker.add_rotation();
  maker.add_text(text);
  return maker.take();
}

std::string gguf_tensor_name(std::string_view name) {
  std::string prefix;
  std::string_view module = name.substr(0, name.rfind('.'));
  const std::string_view ending = name.substr(module.size());  // ".weight"
  if (module.starts_with(kLayers)) {
    module.remove_prefix(kLayers.size());
    const std::size_t dot = module.find('.');
    prefix = "blk." + std::string(module.substr(0, dot)) + ".";
    module.remove_prefix(std::min(dot, module.size() - 1) + 1);
  }
  const auto found = std::ranges::find(kModules, module, &std::pair<std::string_view, std::string_view>::first);
  if (found == kModules.end()) throw InternalError("gguf: no tensor for " + std::string(name));
  return prefix + std::string(found->second) + std::string(ending);
}

}  // namespace wedlm
