#include "wedlm/model/model_config.h"

#include <array>
#include <cmath>
#include <initializer_list>
#include <span>
#include <string_view>

#include "wedlm/backend/integer_panels.h"
#include "wedlm/base/error.h"
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

constexpr TokenId kUsualMaskTokenId = 151665;  // the first id after Qwen's own special tokens
constexpr float kMaxTemperature = 100;

/// The members of one configuration file. A member that is null counts as absent, as in Hugging Face's own reader.
class Members {
 public:
  Members(const Json& object, std::string what) : object_(object), what_(std::move(what)) {
    if (!object.is_object()) {
      throw InvalidInput(what_ + ": expected a JSON object, got " + std::string(object.kind()));
    }
  }

  [[noreturn]] void fail(std::string_view key, std::string_view expected, const Json& got) const {
    throw InvalidInput(what_ + ": " + std::string(key) + ": expected " + std::string(expected) + ", got " + shown(got));
  }
  [[noreturn]] void fail_missing(std::string_view key) const {
    throw InvalidInput(what_ + ": missing key '" + std::string(key) + "'");
  }

  const Json* find(std::string_view key) const {
    const Json* value = object_.find(key);
    return value == nullptr || value->is_null() ? nullptr : value;
  }

  std::optional<std::int64_t> integer(std::string_view key, std::int64_t low, std::int64_t high) const {
    const Json* value = find(key);
    if (value == nullptr) return std::nullopt;
    if (!value->is_integer() || value->as_integer() < low || value->as_integer() > high) {
      fail(key, "an integer from " + std::to_string(low) + " to " + std::to_string(high), *value);
    }
    return value->as_integer();
  }

  std::int64_t size(std::string_view key, std::int64_t high) const {
    if (const auto value = integer(key, 1, high)) return *value;
    fail_missing(key);
  }

  std::optional<double> number(std::string_view key) const {
    const Json* value = find(key);
    if (value == nullptr) return std::nullopt;
    if (!value->is_number()) fail(key, "a number", *value);
    return value->as_number();
  }

  bool boolean(std::string_view key, bool fallback) const {
    const Json* value = find(key);
    if (value == nullptr) return fallback;
    if (!value->is_bool()) fail(key, "true or false", *value);
    return value->as_bool();
  }

  std::optional<std::string> text(std::string_view key) const {
    const Json* value = find(key);
    if (value == nullptr) return std::nullopt;
    if (!value->is_string()) fail(key, "a string", *value);
    return value->as_string();
  }

  /// An integer that has to be there and to be one of these.
  std::int64_t one_of(std::string_view key, std::span<const int> allowed) const {
    const Json* value = find(key);
    if (value == nullptr) fail_missing(key);
    std::string expected;
    for (const int integer : allowed) {
      if (*value == Json(integer)) return integer;
      expected += (expected.empty() ? "one of " : ", ") + std::to_string(integer);
    }
    fail(key, expected, *value);
  }

  /// One token id, a list of them, or none.
  std::vector<TokenId> token_ids(std::string_view key, std::int64_t vocab_size) const {
    const Json* value = find(key);
    if (value == nullptr) return {};
    std::vector<TokenId> ids;
    const auto add = [&](const Json& id) {
      if (!id.is_integer() || id.as_integer() < 0 || id.as_integer() >= vocab_size) {
        fail(key, "token ids inside the vocabulary, from 0 to " + std::to_string(vocab_size - 1), id);
      }
      ids.push_back(static_cast<TokenId>(id.as_integer()));
    };
    if (value->is_array()) {
      for (const Json& id : value->as_array()) add(id);
    } else {
      add(*value);
    }
    return ids;
  }

 private:
  const Json& object_;
  std::string what_;
};

std::string read_model_type(const Members& members) {
  const auto type = members.text("model_type");
  if (!type) members.fail_missing("model_type");
  if (*type != "wedlm" && *type != "qwen2" && *type != "qwen3") {
    members.fail("model_type", "wedlm, qwen2 or qwen3", *type);
  }
  return *type;
}

void check_architectures(const Members& members) {
  const Json* value = members.find("architectures");
  if (value == nullptr) return;
  static constexpr std::string_view kExpected =
      "[\"WeDLMForCausalLM\"], [\"Qwen2ForCausalLM\"] or [\"Qwen3ForCausalLM\"]";
  if (!value->is_array()) members.fail("architectures", kExpected, *value);
  for (const Json& name : value->as_array()) {
    const bool is_known =
        name == Json("WeDLMForCausalLM") || name == Json("Qwen2ForCausalLM") || name == Json("Qwen3ForCausalLM");
    if (!is_known) members.fail("architectures", kExpected, *value);
  }
}

/// Refuses what would change the result of a forward and is not implemented.
void check_supported(const Members& members) {
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

constexpr std::string_view kQuantMethod = "wedlm";
constexpr int kBits[] = {4, 8};
constexpr int kHeadBits[] = {4, 8, 16};
constexpr int kGroupSizes[] = {32, 64, 128};

std::optional<Quantization> read_quantization(const Members& members) {
  const Json* value = members.find("quantization_config");
  if (value == nullptr) return std::nullopt;
  const Json* method = value->find("quant_method");
  if (method == nullptr || *method != Json(kQuantMethod)) {
    members.fail("quantization_config", "none, or the quant_method \"wedlm\" (others are not supported)", *value);
  }
  const Members inner(*value, "config.json: quantization_config");
  const std::int64_t bits = inner.one_of("bits", kBits);
  const std::int64_t head_bits = inner.one_of("head_bits", kHeadBits);
  const std::int64_t group_size = inner.one_of("group_size", kGroupSizes);
  const auto format = [&](std::int64_t of_bits) {
    return WeightFormat{.type = of_bits == 4   ? WeightType::kInt4
                                : of_bits == 8 ? WeightType::kInt8
                                               : WeightType::kBF16,
                        .group_size = group_size};
  };
  return Quantization{.formats = {.layers = format(bits), .head = format(head_bits)},
                      .lanes = static_cast<int>(inner.one_of("lanes", kPanelLanes))};
}

int bits_of(const WeightFormat& format) {
  return format.type == WeightType::kInt4 ? 4 : format.type == WeightType::kInt8 ? 8 : 16;
}

/// Throws unless `key` holds nothing, or an object whose type is the plain rotation.
void check_unscaled_rope(const Members& members, std::string_view key) {
  const Json* value = members.find(key);
  if (value == nullptr) return;
  if (!value->is_object()) members.fail(key, "null or an object", *value);
  for (const char* name : {"rope_type", "type"}) {
    const Json* type = value->find(name);
    if (type != nullptr && !type->is_null() && *type != Json("default")) {
      members.fail(key, "null or the type \"default\" (scaled RoPE is not supported)", *value);
    }
  }
  if (const Json* factor = value->find("factor"); factor != nullptr && !factor->is_null()) {
    members.fail(key, "no factor (scaled RoPE is not supported)", *value);
  }
}

double read_rope_theta(const Members& members) {
  check_unscaled_rope(members, "rope_scaling");
  check_unscaled_rope(members, "rope_parameters");
  const Json* theta = members.find("rope_theta");
  if (const Json* parameters = members.find("rope_parameters")) {
    const Json* inner = parameters->find("rope_theta");
    if (inner != nullptr && inner->is_null()) inner = nullptr;
    const bool disagree = theta != nullptr && inner != nullptr && theta->is_number() && inner->is_number() &&
                          theta->as_number() != inner->as_number();
    if (disagree) members.fail("rope_parameters", "the rope_theta " + shown(*theta) + " that stands beside it", *inner);
    if (theta == nullptr) theta = inner;
  }
  if (theta == nullptr) members.fail_missing("rope_theta");
  if (!theta->is_number() || !(theta->as_number() > 0)) members.fail("rope_theta", "a number above 0", *theta);
  return theta->as_number();
}

double read_rms_norm_eps(const Members& members) {
  const auto eps = members.number("rms_norm_eps");
  if (!eps) members.fail_missing("rms_norm_eps");
  if (!(*eps > 0 && *eps < 1)) members.fail("rms_norm_eps", "a number above 0 and below 1", *eps);
  return *eps;
}

void read_sizes(const Members& members, ModelConfig& config) {
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

void read_attention(const Members& members, ModelConfig& config) {
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

std::optional<DType> read_torch_dtype(const Members& members) {
  // transformers 5 writes "dtype"; older releases wrote "torch_dtype".
  for (const char* key : {"torch_dtype", "dtype"}) {
    const auto name = members.text(key);
    if (!name) continue;
    if (*name == "float32") return DType::kF32;
    if (*name == "float16") return DType::kF16;
    if (*name == "bfloat16") return DType::kBF16;
    members.fail(key, "float32, float16 or bfloat16", *name);
  }
  return std::nullopt;
}

TokenId read_mask_token_id(const Members& members, std::int64_t vocab_size) {
  const TokenId fallback = kUsualMaskTokenId < vocab_size ? kUsualMaskTokenId : kNoToken;
  return static_cast<TokenId>(members.integer("mask_token_id", 0, vocab_size - 1).value_or(fallback));
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
  const std::int64_t slice_bytes = slice_elements(dtype, head_dim) * static_cast<std::int64_t>(dtype_bytes(dtype));
  return 2 * num_hidden_layers * num_key_value_heads * slice_bytes;
}

ModelConfig parse_model_config(const Json& json) {
  const Members members(json, "config.json");
  ModelConfig config;
  config.model_type = read_model_type(members);
  check_supported(members);
  read_sizes(members, config);
  read_attention(members, config);
  config.rms_norm_eps = read_rms_norm_eps(members);
  config.rope_theta = read_rope_theta(members);
  config.tie_word_embeddings = members.boolean("tie_word_embeddings", false);
  config.mask_token_id = read_mask_token_id(members, config.vocab_size);
  config.eos_token_ids = members.token_ids("eos_token_id", config.vocab_size);
  config.torch_dtype = read_torch_dtype(members);
  config.quantization = read_quantization(members);
  return config;
}

Json quantization_json(const Quantization& quantization) {
  const WeightFormats& formats = quantization.formats;
  return Json::object({{"quant_method", kQuantMethod},
                       {"bits", bits_of(formats.layers)},
                       {"group_size", formats.layers.group_size},
                       {"head_bits", bits_of(formats.head)},
                       {"lanes", quantization.lanes}});
}

WeightFormats formats_to_load(const ModelConfig& config, const WeightFormats& wanted) {
  if (!config.quantization) return wanted;
  const WeightFormats& stored = config.quantization->formats;
  // Described alike means the same: a group size counts only where there are groups.
  const bool are_same =
      describe(wanted.layers) == describe(stored.layers) && describe(wanted.head) == describe(stored.head);
  if (wanted != WeightFormats{} && !are_same) {
    throw InvalidInput("weight formats: this checkpoint is stored as " + describe(stored.layers) + ", head " +
                       describe(stored.head) + ", and cannot be loaded as another; leave --weights out");
  }
  return stored;
}

GenerationDefaults parse_generation_config(const Json* config, std::int64_t vocab_size) {
  if (config == nullptr) return {};
  const Members members(*config, "generation_config.json");
  GenerationDefaults defaults;
  if (const auto temperature = members.number("temperature")) {
    if (!(*temperature >= 0 && *temperature <= kMaxTemperature)) {
      members.fail("temperature", "a number from 0 to 100", *temperature);
    }
    defaults.temperature = static_cast<float>(*temperature);
  } else if (!members.boolean("do_sample", true)) {
    defaults.temperature = 0.0F;
  }
  if (const auto top_p = members.number("top_p")) {
    if (!(*top_p > 0 && *top_p <= 1)) members.fail("top_p", "a number above 0 and at most 1", *top_p);
    defaults.top_p = static_cast<float>(*top_p);
  }
  if (const auto top_k = members.integer("top_k", 0, std::numeric_limits<std::int32_t>::max())) {
    defaults.top_k = static_cast<std::int32_t>(*top_k);
  }
  defaults.eos_token_ids = members.token_ids("eos_token_id", vocab_size);
  return defaults;
}

const std::vector<TokenId>& end_token_ids(const ModelConfig& config, const GenerationDefaults& defaults) {
  return defaults.eos_token_ids.empty() ? config.eos_token_ids : defaults.eos_token_ids;
}

}  // namespace wedlm
