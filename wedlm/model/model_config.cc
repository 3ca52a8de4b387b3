#include "wedlm/model/model_config.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "wedlm/backend/kv_pages.h"
#include "wedlm/base/error.h"
#include "wedlm/base/json_members.h"
#include "wedlm/base/named.h"
#include "wedlm/base/quote.h"

namespace wedlm {
namespace {

// Far above every model there is, and low enough that layers * (hidden * intermediate + hidden * heads * head_dim) * 4
// bytes stays below 2^62.
constexpr std::int64_t kMaxVocabSize = std::int64_t{1} << 24;
constexpr std::int64_t kMaxHiddenSize = std::int64_t{1} << 18;
constexpr std::int64_t kMaxIntermediateSize = std::int64_t{1} << 20;
constexpr std::int64_t kMaxLayers = 4096;
constexpr std::int64_t kMaxHeads = 4096;
constexpr std::int64_t kMaxHeadDim = 4096;
constexpr std::int64_t kMaxPositions = std::int64_t{1} << 30;

constexpr std::array kMaskSources = {Named{MaskSource::kNobody, "none"}, Named{MaskSource::kAssumed, "assumed"},
                                     Named{MaskSource::kTokenizer, "tokenizer_config.json"},
                                     Named{MaskSource::kConfig, "config.json"},
                                     Named{MaskSource::kCaller, "--mask-token-id"}};

/// A "...Model" is the same decoder, stored without its head.
constexpr std::string_view kArchitectures[] = {"WeDLMForCausalLM", "Qwen2ForCausalLM", "Qwen3ForCausalLM",
                                               "WeDLMModel",       "Qwen2Model",       "Qwen3Model"};

std::string read_model_type(const JsonMembers& members) {
  const auto type = members.text("model_type");
  if (!type) members.fail_missing("model_type");
  if (*type != "wedlm" && *type != "qwen2" && *type != "qwen3") {
    members.fail("model_type", "wedlm, qwen2 or qwen3", *type);
  }
  return *type;
}

void check_architectures(const JsonMembers& members) {
  const Json* value = members.find("architectures");
  if (value == nullptr) return;
  static constexpr std::string_view kExpected =
      "[\"WeDLMForCausalLM\"], [\"Qwen2ForCausalLM\"], [\"Qwen3ForCausalLM\"] or their models without a head";
  if (!value->is_array()) members.fail("architectures", kExpected, *value);
  for (const Json& name : value->as_array()) {
    const auto is_same = [&](std::string_view known) { return name == Json(known); };
    if (std::ranges::none_of(kArchitectures, is_same)) members.fail("architectures", kExpected, *value);
  }
}

/// Refuses what would change the result of a forward and is not implemented.
void check_supported(const JsonMembers& members) {
  check_architectures(members);
  if (const auto activation = members.text("hidden_act"); activation && *activation != "silu") {
    members.fail("hidden_act", "silu", *activation);
  }
  if (members.boolean("use_sliding_window", false)) {
    members.fail("use_sliding_window", "false (sliding windows are not supported)", true);
  }
  if (const Json* layer_types = members.find("layer_types")) {
    static constexpr std::string_view kExpected = "a list of \"full_attention\"";
    if (!layer_types->is_array()) members.fail("layer_types", kExpected, *layer_types);
    for (const Json& type : layer_types->as_array()) {
      if (type != Json("full_attention")) members.fail("layer_types", kExpected, type);
    }
  }
}

double read_rms_norm_eps(const JsonMembers& members) {
  const auto eps = members.number("rms_norm_eps");
  if (!eps) members.fail_missing("rms_norm_eps");
  if (!(*eps > 0 && *eps < 1)) members.fail("rms_norm_eps", "a number above 0 and below 1", *eps);
  return *eps;
}

void read_sizes(const JsonMembers& members, ModelConfig& config) {
  config.vocab_size = members.size("vocab_size", kMaxVocabSize);
  config.hidden_size = members.size("hidden_size", kMaxHiddenSize);
  config.intermediate_size = members.size("intermediate_size", kMaxIntermediateSize);
  config.num_hidden_layers = members.size("num_hidden_layers", kMaxLayers);
  config.num_attention_heads = members.size("num_attention_heads", kMaxHeads);
  config.max_position_embeddings = members.size("max_position_embeddings", kMaxPositions);
  const std::int64_t heads = config.num_attention_heads;
  config.num_key_value_heads = members.integer("num_key_value_heads", 1, heads).value_or(heads);
  if (heads % config.num_key_value_heads != 0) {
    members.fail("num_key_value_heads", "a divisor of num_attention_heads, " + std::to_string(heads),
                 config.num_key_value_heads);
  }
  if (const auto head_dim = members.integer("head_dim", 1, kMaxHeadDim)) {
    config.head_dim = *head_dim;
  } else if (config.hidden_size % heads == 0) {
    config.head_dim = config.hidden_size / heads;
  } else {
    members.fail("num_attention_heads", "a divisor of hidden_size, " + std::to_string(config.hidden_size), heads);
  }
  if (config.head_dim % 2 != 0 || config.head_dim > kMaxHeadDim) {
    members.fail("head_dim", "an even number up to " + std::to_string(kMaxHeadDim), config.head_dim);
  }
}

void read_attention(const JsonMembers& members, ModelConfig& config) {
  if (config.model_type == "qwen2") {
    config.attention_bias = true;
  } else if (config.model_type == "qwen3") {
    config.qk_norm = true;
    config.attention_bias = members.boolean("attention_bias", false);
    config.o_proj_bias = config.attention_bias;
  } else {
    config.qk_norm = members.boolean("qk_norm", false);
    config.attention_bias = members.boolean("attention_bias", !config.qk_norm);
  }
}

std::optional<DType> read_torch_dtype(const JsonMembers& members) {
  // transformers 5 writes "dtype"; older releases wrote "torch_dtype".
  for (const char* key : {"torch_dtype", "dtype"}) {
    const auto name = members.text(key);
    if (!name || *name == "auto") continue;  // "auto" leaves it to the tensors
    if (*name == "float32") return DType::kF32;
    if (*name == "float16") return DType::kF16;
    if (*name == "bfloat16") return DType::kBF16;
    members.fail(key, "float32, float16 or bfloat16", *name);
  }
  return std::nullopt;
}

void read_mask_token(const JsonMembers& members, ModelConfig& config) {
  if (const auto id = members.integer("mask_token_id", 0, config.vocab_size - 1)) {
    name_mask_token(config, MaskSource::kConfig, static_cast<TokenId>(*id));
  } else if (config.model_type == "wedlm" && kUsualMaskTokenId < config.vocab_size) {
    name_mask_token(config, MaskSource::kAssumed, kUsualMaskTokenId);
  }
}

}  // namespace

std::int64_t ModelConfig::num_parameters() const {
  const std::int64_t embeddings = (tie_word_embeddings ? 1 : 2) * vocab_size * hidden_size;
  const std::int64_t attention = hidden_size * (2 * q_size() + 2 * kv_size());
  const std::int64_t biases = (attention_bias ? q_size() + 2 * kv_size() : 0) + (o_proj_bias ? hidden_size : 0);
  const std::int64_t mlp = 3 * hidden_size * intermediate_size;
  const std::int64_t norms = 2 * hidden_size + (qk_norm ? 2 * head_dim : 0);
  return embeddings + num_hidden_layers * (attention + biases + mlp + norms) + hidden_size;
}

std::int64_t ModelConfig::kv_bytes_per_token(DType dtype) const {
  return 2 * num_hidden_layers * num_key_value_heads * KvPages::slice_bytes(dtype, head_dim);
}

ModelConfig parse_model_config(const Json& json, const std::string& what) {
  const JsonMembers members(json, what);
  ModelConfig config;
  config.model_type = read_model_type(members);
  config.quantization = read_quantization(members);  // first: weights of others explain whatever else is strange
  check_supported(members);
  read_sizes(members, config);
  read_attention(members, config);
  config.rms_norm_eps = read_rms_norm_eps(members);
  config.rope = read_rope(members, config.max_position_embeddings);
  config.tie_word_embeddings = members.boolean("tie_word_embeddings", false);
  read_mask_token(members, config);
  config.eos_token_ids = members.token_ids("eos_token_id", config.vocab_size);
  config.torch_dtype = read_torch_dtype(members);
  return config;
}

void ModelConfig::check_vocabulary(std::string_view what, std::span<const TokenId> ids) const {
  for (const TokenId id : ids) {
    if (id >= 0 && id < vocab_size) continue;
    throw InvalidInput(std::string(what) + " " + std::to_string(id) + " is outside the vocabulary of " +
                       std::to_string(vocab_size));
  }
}

std::string_view mask_source_name(MaskSource source) {
  return name_of(source, kMaskSources);
}

void name_mask_token(ModelConfig& config, MaskSource source, TokenId id) {
  if (id < 0 || id >= config.vocab_size) {
    throw InvalidInput("mask token id (" + std::string(mask_source_name(source)) + "): the vocabulary has " +
                       std::to_string(config.vocab_size) + " tokens, got " + std::to_string(id));
  }
  if (source <= config.mask_source) return;
  config.mask_token_id = id;
  config.mask_source = source;
}

}  // namespace wedlm
