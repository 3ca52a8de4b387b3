#include "wedlm/model/model_shapes.h"

#include <array>
#include <filesystem>

#include "wedlm/base/error.h"
#include "wedlm/base/mapped_file.h"
#include "wedlm/base/quote.h"

namespace wedlm {
namespace {

struct NamedShape {
  const char* name;
  ModelConfig config;
};

/// As their config.json has it: models/nano, and Qwen/Qwen3-0.6B, Qwen/Qwen2.5-7B and Qwen/Qwen3-8B on the Hugging Face
/// Hub. WeDLM-7B and WeDLM-8B were trained from the last two and have their shapes.
const std::array<NamedShape, 4>& shapes() {
  static const std::array<NamedShape, 4> kShapes = {{
      {"nano",
       {.model_type = "wedlm",
        .vocab_size = 2048,
        .hidden_size = 256,
        .intermediate_size = 640,
        .num_hidden_layers = 5,
        .num_attention_heads = 4,
        .num_key_value_heads = 2,
        .head_dim = 64,
        .max_position_embeddings = 2048,
        .rms_norm_eps = 1e-6,
        .rope = {.theta = 1e6},
        .tie_word_embeddings = true,
        .qk_norm = true,
        .mask_token_id = 2047,
        .mask_source = MaskSource::kConfig,
        .eos_token_ids = {2046},
        .torch_dtype = DType::kBF16}},
      {"qwen3-0.6b",
       {.model_type = "qwen3",
        .vocab_size = 151936,
        .hidden_size = 1024,
        .intermediate_size = 3072,
        .num_hidden_layers = 28,
        .num_attention_heads = 16,
        .num_key_value_heads = 8,
        .head_dim = 128,
        .max_position_embeddings = 40960,
        .rms_norm_eps = 1e-6,
        .rope = {.theta = 1e6},
        .tie_word_embeddings = true,
        .qk_norm = true,
        .eos_token_ids = {151645},
        .torch_dtype = DType::kBF16}},
      {"qwen2.5-7b",
       {.model_type = "qwen2",
        .vocab_size = 152064,
        .hidden_size = 3584,
        .intermediate_size = 18944,
        .num_hidden_layers = 28,
        .num_attention_heads = 28,
        .num_key_value_heads = 4,
        .head_dim = 128,
        .max_position_embeddings = 131072,
        .rms_norm_eps = 1e-6,
        .rope = {.theta = 1e6},
        .attention_bias = true,
        .eos_token_ids = {151643},
        .torch_dtype = DType::kBF16}},
      {"qwen3-8b",
       {.model_type = "qwen3",
        .vocab_size = 151936,
        .hidden_size = 4096,
        .intermediate_size = 12288,
        .num_hidden_layers = 36,
        .num_attention_heads = 32,
        .num_key_value_heads = 8,
        .head_dim = 128,
        .max_position_embeddings = 40960,
        .rms_norm_eps = 1e-6,
        .rope = {.theta = 1e6},
        .qk_norm = true,
        .eos_token_ids = {151645},
        .torch_dtype = DType::kBF16}},
  }};
  return kShapes;
}

}  // namespace

std::vector<std::string> model_shape_names() {
  std::vector<std::string> names;
  for (const NamedShape& shape : shapes()) names.emplace_back(shape.name);
  return names;
}

const ModelConfig* find_model_shape(std::string_view name) {
  for (const NamedShape& shape : shapes()) {
    if (name == shape.name) return &shape.config;
  }
  return nullptr;
}

ModelShape read_model_shape(const std::string& name_or_path) {
  if (const ModelConfig* shape = find_model_shape(name_or_path)) return {.name = name_or_path, .config = *shape};
  std::filesystem::path path = name_or_path;
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) path /= "config.json";
  if (!std::filesystem::exists(path, ignored)) {
    std::string names;
    for (const std::string& known : model_shape_names()) names += known + ", ";
    throw InvalidInput("expected " + names + "or a config.json or its folder, got " + quote(name_or_path) +
                       ", which is not there");
  }
  const MappedFile file(path);
  return {.name = name_or_path, .config = parse_model_config(parse_json(file.text(), path.string()))};
}

}  // namespace wedlm
