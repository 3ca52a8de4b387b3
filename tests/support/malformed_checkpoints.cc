#include "tests/support/malformed_checkpoints.h"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <stdexcept>
#include <utility>

#include "tests/support/data.h"

namespace wedlm {
namespace {

namespace fs = std::filesystem;
using Refusal = MalformedCheckpoint::Refusal;
using Words = std::vector<std::string>;

void write_text(const fs::path& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
}

std::string repeated(const std::string& text, int count) {
  std::string result;
  for (int i = 0; i < count; ++i) result += text;
  return result;
}

/// A header is padded with spaces, so that the data after it is aligned.
std::string padded(std::string header) {
  header.append((8 - header.size() % 8) % 8, ' ');
  return header;
}

std::string in_quotes(const std::string& text) {
  return '"' + text + '"';
}

/// A JSON object as text, so that its values may be anything at all.
struct ObjectText {
  std::vector<std::pair<std::string, std::string>> members;

  ObjectText with(const std::string& key, const std::string& value) const {
    ObjectText result = without(key);
    result.members.emplace_back(key, value);
    return result;
  }
  ObjectText without(const std::string& key) const {
    ObjectText result = *this;
    std::erase_if(result.members, [&](const auto& member) { return member.first == key; });
    return result;
  }
  std::string text() const {
    std::string result;
    for (const auto& [key, value] : members) result += (result.empty() ? "{" : ", ") + in_quotes(key) + ": " + value;
    return result.empty() ? "{}" : result + "}";
  }
};

/// quantization_config of int4 matrices and an int8 head.
const ObjectText kQuantization = {{{"quant_method", "\"wedlm\""},
                                   {"weights", "\"int4\""},
                                   {"group_size", "32"},
                                   {"head", "\"int8\""},
                                   {"rotation", "64"},
                                   {"lanes", "8"}}};

const ObjectText kConfig = {{{"model_type", "\"wedlm\""},
                             {"vocab_size", "24"},
                             {"hidden_size", "8"},
                             {"intermediate_size", "12"},
                             {"num_hidden_layers", "1"},
                             {"num_attention_heads", "2"},
                             {"num_key_value_heads", "1"},
                             {"head_dim", "4"},
                             {"max_position_embeddings", "64"},
                             {"rms_norm_eps", "1e-6"},
                             {"rope_theta", "10000.0"},
                             {"tie_word_embeddings", "false"},
                             {"attention_bias", "false"},
                             {"qk_norm", "true"},
                             {"mask_token_id", "23"},
                             {"eos_token_id", "22"}}};

struct SmallTensor {
  std::string name;
  std::vector<std::int64_t> shape;
  std::string dtype = "F32";
};

using Tensors = std::vector<SmallTensor>;

const Tensors kTensors = {{"model.embed_tokens.weight", {24, 8}},
                          {"model.layers.0.input_layernorm.weight", {8}},
                          {"model.layers.0.self_attn.q_proj.weight", {8, 8}},
                          {"model.layers.0.self_attn.k_proj.weight", {4, 8}},
                          {"model.layers.0.self_attn.v_proj.weight", {4, 8}},
                          {"model.layers.0.self_attn.q_norm.weight", {4}},
                          {"model.layers.0.self_attn.k_norm.weight", {4}},
                          {"model.layers.0.self_attn.o_proj.weight", {8, 8}},
                          {"model.layers.0.post_attention_layernorm.weight", {8}},
                          {"model.layers.0.mlp.gate_proj.weight", {12, 8}},
                          {"model.layers.0.mlp.up_proj.weight", {12, 8}},
                          {"model.layers.0.mlp.down_proj.weight", {8, 12}},
                          {"model.norm.weight", {8}},
                          {"lm_head.weight", {24, 8}}};

/// The same model as `wedlm quantize` stores it: a panel of int4 has 32 bytes of scales and one or two words of inputs
/// for 8 lanes, one of the int8 head two words.
const Tensors kPackedTensors = {{"model.layers.0.self_attn.qkv_proj.packed", {2, 64}, "U8"},
                                {"model.layers.0.self_attn.o_proj.packed", {1, 64}, "U8"},
                                {"model.layers.0.mlp.gate_up_proj.packed", {3, 64}, "U8"},
                                {"model.layers.0.mlp.down_proj.packed", {1, 96}, "U8"},
                                {"lm_head.packed", {3, 96}, "U8"},
                                {"model.embed_tokens.weight", {24, 8}},
                                {"model.layers.0.input_layernorm.weight", {8}},
                                {"model.layers.0.self_attn.q_norm.weight", {4}},
                                {"model.layers.0.self_attn.k_norm.weight", {4}},
                                {"model.layers.0.post_attention_layernorm.weight", {8}},
                                {"model.norm.weight", {8}}};

Tensors with_tensor(SmallTensor tensor, Tensors tensors = kTensors) {
  const auto same = std::find_if(tensors.begin(), tensors.end(), [&](const auto& t) { return t.name == tensor.name; });
  if (same == tensors.end()) {
    tensors.push_back(std::move(tensor));
  } else {
    *same = std::move(tensor);
  }
  return tensors;
}

Tensors without_tensor(const std::string& name) {
  Tensors tensors = kTensors;
  std::erase_if(tensors, [&](const SmallTensor& tensor) { return tensor.name == name; });
  return tensors;
}

std::string tensor_entry(const std::string& dtype, const std::string& shape, std::int64_t begin, std::int64_t end) {
  return R"({"dtype": ")" + dtype + R"(", "shape": )" + shape + R"(, "data_offsets": [)" + std::to_string(begin) +
         ", " + std::to_string(end) + "]}";
}

std::string safetensors_of(const Tensors& tensors) {
  ObjectText header;
  std::string data;
  for (const SmallTensor& tensor : tensors) {
    std::int64_t num_elements = 1;
    std::string shape;
    for (const std::int64_t dim : tensor.shape) {
      num_elements *= dim;
      shape += (shape.empty() ? "" : ", ") + std::to_string(dim);
    }
    const std::int64_t element_bytes = tensor.dtype == "F32"                            ? 4
                                       : tensor.dtype == "I64" || tensor.dtype == "F64" ? 8
                                                                                        : 1;
    const auto begin = static_cast<std::int64_t>(data.size());
    for (std::int64_t i = 0; i < num_elements * element_bytes; ++i) {
      data += static_cast<char>(data.size() % 61);  // small float32 of either layout; none is a NaN
    }
    header.members.emplace_back(
        tensor.name, tensor_entry(tensor.dtype, "[" + shape + "]", begin, static_cast<std::int64_t>(data.size())));
  }
  return safetensors_file(padded(header.text()), data);
}

void write_checkpoint(const fs::path& folder, const std::string& config, const std::string& weights) {
  write_text(folder / "config.json", config);
  write_text(folder / "model.safetensors", weights);
}

/// Half of the tensors in each of two shards, and an index that lists them; `change` may spoil any of it.
struct Sharded {
  ObjectText weight_map{};
  Tensors first{};
  Tensors second{};
};

void write_sharded(const fs::path& folder, const std::function<void(Sharded&)>& change) {
  Sharded sharded;
  for (std::size_t i = 0; i < kTensors.size(); ++i) {
    const bool is_first = i < kTensors.size() / 2;
    (is_first ? sharded.first : sharded.second).push_back(kTensors[i]);
    sharded.weight_map.members.emplace_back(kTensors[i].name, is_first ? "\"a.safetensors\"" : "\"b.safetensors\"");
  }
  change(sharded);
  write_text(folder / "config.json", kConfig.text());
  write_text(folder / "a.safetensors", safetensors_of(sharded.first));
  if (!sharded.second.empty()) write_text(folder / "b.safetensors", safetensors_of(sharded.second));
  write_text(folder / "model.safetensors.index.json",
             R"({"metadata": {"total_size": 1}, "weight_map": )" + sharded.weight_map.text() + "}");
}

class List {
 public:
  void add(MalformedCheckpoint checkpoint) { list_.push_back(std::move(checkpoint)); }

  /// config.json is this text.
  void config(const std::string& name, const std::string& text, Words words) {
    words.push_back("config.json");
    add({name, Refusal::kInvalidInput, std::move(words),
         [text](const fs::path& folder) { write_checkpoint(folder, text, safetensors_of(kTensors)); }});
  }
  /// config.json with one member of another value; the message names the member.
  void member(const std::string& name, const std::string& key, const std::string& value, Words words) {
    words.push_back(key);
    config(name, kConfig.with(key, value).text(), std::move(words));
  }
  /// config.json without one member.
  void without(const std::string& key) {
    config("config_without_" + key, kConfig.without(key).text(), {"missing key '" + key + "'"});
  }
  /// model.safetensors is these bytes.
  void weights(const std::string& name, const std::string& bytes, Words words) {
    words.push_back("model.safetensors");
    add({name, Refusal::kInvalidInput, std::move(words),
         [bytes](const fs::path& folder) { write_checkpoint(folder, kConfig.text(), bytes); }});
  }
  /// model.safetensors has this header and these many bytes of data.
  void header(const std::string& name, const std::string& header, std::size_t data_bytes, Words words) {
    weights(name, safetensors_file(padded(header), std::string(data_bytes, '\0')), std::move(words));
  }
  /// model.safetensors holds these tensors, each of which is well-formed.
  void tensors(const std::string& name, const Tensors& tensors, Words words, const ObjectText& config = kConfig) {
    add({name, Refusal::kInvalidInput, std::move(words), [tensors, config](const fs::path& folder) {
           write_checkpoint(folder, config.text(), safetensors_of(tensors));
         }});
  }
  /// The index is this text.
  void index(const std::string& name, const std::string& text, Words words) {
    words.push_back("model.safetensors.index.json");
    add({name, Refusal::kInvalidInput, std::move(words), [text](const fs::path& folder) {
           write_sharded(folder, [](Sharded&) {});
           write_text(folder / "model.safetensors.index.json", text);
         }});
  }
  void sharded(const std::string& name, Refusal refusal, Words words, const std::function<void(Sharded&)>& change) {
    add({name, refusal, std::move(words), [change](const fs::path& folder) { write_sharded(folder, change); }});
  }
  /// A valid checkpoint with this generation_config.json.
  void generation(const std::string& name, const std::string& text, Words words) {
    words.push_back("generation_config.json");
    add({name, Refusal::kInvalidInput, std::move(words), [text](const fs::path& folder) {
           write_small_checkpoint(folder);
           write_text(folder / "generation_config.json", text);
         }});
  }

  std::vector<MalformedCheckpoint> take() { return std::move(list_); }

 private:
  std::vector<MalformedCheckpoint> list_;
};

void add_folders(List& list) {
  const auto folder_case = [&](const std::string& name, Words words, std::function<void(const fs::path&)> write) {
    list.add({name, Refusal::kResourceError, std::move(words), std::move(write)});
  };
  folder_case("empty_folder", {"config.json"}, [](const fs::path&) {});
  folder_case("missing_folder", {"no such folder"}, [](const fs::path& folder) { fs::remove(folder); });
  folder_case("dangling_link", {"no such folder"}, [](const fs::path& folder) {
    fs::remove(folder);
    fs::create_symlink("nowhere", folder);
  });
  folder_case("no_config", {"config.json"},
              [](const fs::path& folder) { write_text(folder / "model.safetensors", safetensors_of(kTensors)); });
  folder_case("no_weights", {"model.safetensors"},
              [](const fs::path& folder) { write_text(folder / "config.json", kConfig.text()); });
  folder_case("config_is_a_folder", {"config.json", "regular file"},
              [](const fs::path& folder) { fs::create_directory(folder / "config.json"); });
  folder_case("weights_are_a_folder", {"model.safetensors", "regular file"}, [](const fs::path& folder) {
    write_text(folder / "config.json", kConfig.text());
    fs::create_directory(folder / "model.safetensors");
  });
  list.add({"file_instead_of_folder", Refusal::kInvalidInput, {"it is a file"}, [](const fs::path& folder) {
              fs::remove(folder);
              write_text(folder, safetensors_of(kTensors));
            }});
  const auto forbid = [&](const std::string& name, const std::string& file) {
    list.add({.name = name,
              .refusal = Refusal::kResourceError,
              .words = {file, "ermission denied"},
              .write =
                  [file](const fs::path& folder) {
                    write_small_checkpoint(folder);
                    fs::permissions(folder / file, fs::perms::none);
                  },
              .needs_ordinary_user = true});
  };
  forbid("folder_without_permission", "");
  forbid("config_without_permission", "config.json");
  forbid("weights_without_permission", "model.safetensors");
}

void add_config_texts(List& list) {
  list.config("config_empty", "", {"JSON"});
  list.config("config_not_json", "{\"model_type\": wedlm}", {"JSON"});
  list.config("config_truncated", kConfig.text().substr(0, 40), {"JSON"});
  list.config("config_array", "[" + kConfig.text() + "]", {"object", "an array"});
  list.config("config_null", "null", {"object", "null"});
  list.config("config_not_utf8", "{\"model_type\": \"wed\xff\xfelm\"}", {"JSON"});
  list.config("config_deep", repeated("[", 100'000), {"deeper than"});
  list.config("config_key_twice", R"({"model_type": "wedlm", "model_type": "qwen2"})", {"model_type", "twice"});
  list.config("config_line_break_in_key", R"({"a\nb": 1, "a\nb": 2})", {"twice"});
  list.config("config_too_large", kConfig.with("comment", in_quotes(std::string(2'000'000, ' '))).text(), {"bytes"});
  for (const char* key : {"model_type", "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers",
                          "num_attention_heads", "max_position_embeddings", "rms_norm_eps", "rope_theta"}) {
    list.without(key);
  }
}

void add_config_members(List& list) {
  list.member("config_integer_is_a_string", "hidden_size", "\"8\"", {"an integer", "\"8\""});
  list.member("config_integer_is_a_float", "hidden_size", "8.0", {"an integer", "8.0"});
  list.member("config_integer_is_a_list", "vocab_size", "[24]", {"an integer", "[24]"});
  list.member("config_integer_is_huge", "vocab_size", "99999999999999999999", {"an integer"});
  list.config("config_number_overflows", kConfig.with("rope_theta", "1e999").text(), {"overflow", "1e999"});
  list.member("config_sizes_overflow", "hidden_size", "4611686018427387904", {"4611686018427387904"});
  list.member("config_vocab_negative", "vocab_size", "-24", {"-24"});
  list.member("config_zero_layers", "num_hidden_layers", "0", {"from 1", "got 0"});
  list.member("config_layers_absurd", "num_hidden_layers", "1000000000", {"got 1000000000"});
  list.member("config_zero_heads", "num_attention_heads", "0", {"from 1"});
  list.config("config_heads_do_not_divide",
              kConfig.with("num_attention_heads", "3").with("num_key_value_heads", "2").text(),
              {"num_key_value_heads", "3", "got 2"});
  list.member("config_more_kv_heads_than_heads", "num_key_value_heads", "4", {"got 4"});
  list.config("config_hidden_does_not_divide", kConfig.without("head_dim").with("num_attention_heads", "3").text(),
              {"num_attention_heads", "hidden_size", "8", "3"});
  list.member("config_head_dim_odd", "head_dim", "5", {"even", "5"});
  list.member("config_eps_zero", "rms_norm_eps", "0", {"above 0"});
  list.member("config_eps_is_a_string", "rms_norm_eps", "\"1e-6\"", {"a number"});
  list.member("config_theta_negative", "rope_theta", "-1.0", {"above 0", "-1.0"});
  list.member("config_flag_is_an_integer", "tie_word_embeddings", "1", {"true or false"});
  list.member("config_mask_outside_vocabulary", "mask_token_id", "24", {"from 0 to 23", "got 24"});
  list.member("config_mask_negative", "mask_token_id", "-1", {"got -1"});
  list.member("config_eos_outside_vocabulary", "eos_token_id", "[22, 151645]", {"0 to 23", "151645"});
  list.member("config_eos_is_a_string", "eos_token_id", "\"<|im_end|>\"", {"<|im_end|>"});
  list.member("config_other_model", "model_type", "\"llama\"", {"wedlm, qwen2 or qwen3", "llama"});
  list.member("config_other_model_with_line_break", "model_type", R"("a\nb")", {R"("a\nb")"});
  list.member("config_other_architecture", "architectures", R"(["Qwen3ForSequenceClassification"])",
              {"Qwen3ForCausalLM", "Qwen3ForSequenceClassification"});
  list.member("config_gelu", "hidden_act", "\"gelu\"", {"silu", "gelu"});
  const auto rope = [&](const std::string& name, const std::string& value, Words words) {
    list.member("config_rope_" + name, "rope_scaling", value, std::move(words));
  };
  rope("of_unknown_type", R"({"rope_type": "longrope", "factor": 4.0})",
       {"longrope", "default, linear, dynamic, yarn"});
  rope("without_type", R"({"factor": 4.0})", {"rope_type"});
  rope("type_is_a_number", R"({"type": 1, "factor": 2.0})", {"type", "a string"});
  rope("is_a_list", R"(["yarn"])", {"an object"});
  rope("linear_without_factor", R"({"type": "linear"})", {"factor"});
  rope("factor_zero", R"({"type": "dynamic", "factor": 0})", {"factor", "above 0"});
  rope("factor_is_a_string", R"({"type": "yarn", "factor": "4"})", {"factor", "a number"});
  rope("yarn_beta_negative", R"({"type": "yarn", "factor": 4, "beta_fast": -1})", {"beta_fast", "-1"});
  rope("yarn_original_zero", R"({"type": "yarn", "factor": 4, "original_max_position_embeddings": 0})", {"original"});
  rope("llama3_without_bounds", R"({"rope_type": "llama3", "factor": 8.0})", {"low_freq_factor"});
  rope("llama3_bounds_reversed",
       R"({"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 4, "high_freq_factor": 1})", {"high_freq_factor"});
  rope("of_half_a_head", R"({"rope_type": "default", "partial_rotary_factor": 0.5})", {"partial_rotary_factor"});
  list.config("config_rope_contradicts_itself",
              kConfig.with("rope_scaling", R"({"type": "yarn", "factor": 4})")
                  .with("rope_parameters", R"({"rope_type": "yarn", "factor": 2})")
                  .text(),
              {"rope_parameters", "rope_scaling"});
  list.member("config_rope_thetas_disagree", "rope_parameters", R"({"rope_type": "default", "rope_theta": 1e6})",
              {"rope_theta"});
  list.member("config_sliding_window", "use_sliding_window", "true", {"false"});
  list.member("config_sliding_layers", "layer_types", R"(["sliding_attention"])", {"sliding_attention"});
  list.member("config_quantized", "quantization_config", R"({"quant_method": "awq", "bits": 4})",
              {"awq", "bfloat16 original", "--weights int4"});
  list.member("config_quantized_by_bitsandbytes", "quantization_config", R"({"load_in_4bit": true})", {"bitsandbytes"});
  list.member("config_quantized_by_mlx", "quantization", R"({"group_size": 64, "bits": 4})", {"bfloat16 original"});
  list.member("config_quantization_is_a_string", "quantization_config", "\"int4\"", {"an object", "int4"});
  list.member("config_strange_dtype", "torch_dtype", "\"int8\"", {"bfloat16", "int8"});
}

void add_headers(List& list) {
  const std::string a = R"("a": )";
  const std::string b = R"("b": )";
  const std::string four = tensor_entry("F32", "[4]", 0, 16);
  list.weights("weights_empty", "", {"0 bytes"});
  list.weights("weights_of_seven_bytes", "1234567", {"7 bytes"});
  list.weights("header_length_zero", std::string(8, '\0'), {"empty"});
  list.weights("header_length_past_the_end", std::string("\x40\0\0\0\0\0\0\0{}", 10), {"64", "2"});
  list.weights("header_length_2_to_the_63", std::string("\0\0\0\0\0\0\0\x80{}", 10), {"9223372036854775808"});
  list.weights("header_length_2_to_the_64_minus_1", std::string(8, '\xff') + "{}", {"18446744073709551615"});
  list.header("header_not_json", "nonsense", 0, {"JSON"});
  list.header("header_not_utf8", "{\"\xff\": 1}", 0, {"JSON"});
  list.header("header_deep", repeated("{\"a\":", 50'000), 0, {"deeper than"});
  list.header("header_array", "[]", 0, {"object", "an array"});
  list.header("header_tensor_twice", "{" + a + four + ", " + a + four + "}", 16, {"\"a\"", "twice"});
  list.header("header_entry_is_an_integer", "{" + a + "5}", 0, {"\"a\"", "an integer"});
  list.header("header_metadata_is_a_list", R"({"__metadata__": []})", 0, {"__metadata__"});
  list.header("header_metadata_value_is_an_integer", R"({"__metadata__": {"x": 1}})", 0, {"\"x\"", "a string"});
  list.header("tensor_without_dtype", "{" + a + R"({"shape": [1], "data_offsets": [0, 4]}})", 4, {"\"a\"", "dtype"});
  list.header("tensor_without_shape", "{" + a + R"({"dtype": "F32", "data_offsets": [0, 4]}})", 4, {"\"a\"", "shape"});
  list.header("tensor_without_offsets", "{" + a + R"({"dtype": "F32", "shape": [1]}})", 4, {"\"a\"", "data_offsets"});
  list.header("tensor_shape_negative", "{" + a + tensor_entry("F32", "[-4]", 0, 16) + "}", 16, {"\"a\"", "-4"});
  list.header("tensor_shape_float", "{" + a + tensor_entry("F32", "[4.0]", 0, 16) + "}", 16, {"\"a\"", "4.0"});
  list.header("tensor_shape_string", "{" + a + tensor_entry("F32", "\"4\"", 0, 16) + "}", 16, {"\"a\"", "shape"});
  list.header("tensor_shape_overflows", "{" + a + tensor_entry("F32", "[4294967296, 4294967296]", 0, 16) + "}", 16,
              {"\"a\"", "overflow"});
  list.header("tensor_bytes_overflow", "{" + a + tensor_entry("F32", "[4611686018427387904]", 0, 0) + "}", 0,
              {"\"a\"", "4611686018427387904"});
  list.header("scalar_of_two", "{" + a + tensor_entry("F32", "[]", 0, 8) + "}", 8, {"\"a\"", "8 bytes", "[]"});
  list.header("tensor_of_half_a_byte", "{" + a + tensor_entry("F4", "[3]", 0, 1) + "}", 1, {"\"a\"", "[3]", "F4"});
  list.header("tensor_shape_does_not_fit", "{" + a + tensor_entry("F32", "[5]", 0, 16) + "}", 16,
              {"\"a\"", "16 bytes", "[5]", "F32"});
  list.header("tensor_of_half_an_element", "{" + a + tensor_entry("F32", "[4]", 0, 18) + "}", 18, {"\"a\"", "18"});
  list.header("offsets_negative", "{" + a + tensor_entry("F32", "[4]", -16, 0) + "}", 16, {"\"a\"", "-16"});
  list.header("offsets_reversed", "{" + a + tensor_entry("F32", "[4]", 16, 0) + "}", 16, {"\"a\"", "backwards"});
  list.header("offsets_past_the_end", "{" + a + tensor_entry("F32", "[5]", 0, 20) + "}", 16, {"\"a\"", "past the end"});
  list.header("offsets_huge", "{" + a + R"({"dtype": "F32", "shape": [1], "data_offsets": [0, 18446744073709551616]}})",
              4, {"\"a\"", "data_offsets"});
  list.header("offsets_three", "{" + a + R"({"dtype": "F32", "shape": [1], "data_offsets": [0, 4, 8]}})", 8,
              {"\"a\"", "[0,4,8]"});
  list.header("offsets_overlap", "{" + a + four + ", " + b + tensor_entry("F32", "[4]", 8, 24) + " }", 24,
              {"overlaps", "\"a\"", "\"b\""});
  list.header("offsets_same_range", "{" + a + four + ", " + b + four + "}", 16, {"overlaps"});
  list.header("offsets_leave_a_hole", "{" + a + four + ", " + b + tensor_entry("F32", "[4]", 20, 36) + "}  ", 36,
              {"16 to 20", "\"b\""});
  list.header("bytes_after_the_last_tensor", "{" + a + four + "}", 17, {"1 bytes follow"});
  list.header("tensor_name_with_line_break", R"({"a\nb": 5})", 0, {R"("a\nb")"});
}

void add_weights(List& list) {
  const std::string whole = safetensors_of(kTensors);
  list.weights("weights_truncated_in_the_header", whole.substr(0, 100), {"truncated"});
  list.weights("weights_truncated_in_the_data", whole.substr(0, whole.size() - 4), {"truncated"});
  list.tensors("tensor_missing", without_tensor("model.norm.weight"), {"1 missing", "model.norm.weight"});
  list.tensors("head_missing", without_tensor("lm_head.weight"), {"1 missing", "lm_head.weight"});
  list.tensors("all_other_names", {{"transformer.wte.weight", {24, 8}}}, {"14 missing", "transformer.wte.weight"});
  list.tensors("tensor_extra", with_tensor({"model.layers.0.self_attn.q_proj.bias", {8}}),
               {"not part of the model", "model.layers.0.self_attn.q_proj.bias"});
  list.tensors("layer_extra", with_tensor({"model.layers.1.input_layernorm.weight", {8}}),
               {"model.layers.1.input_layernorm.weight"});
  list.tensors("tensor_of_wrong_shape", with_tensor({"model.layers.0.mlp.up_proj.weight", {8, 12}}),
               {"model.layers.0.mlp.up_proj.weight", "[12, 8]", "[8, 12]"});
  list.tensors("tensor_of_wrong_rank", with_tensor({"model.norm.weight", {1, 8}}),
               {"model.norm.weight", "[8]", "[1, 8]"});
  list.tensors("tensor_of_wrong_type", with_tensor({"model.norm.weight", {8}, "I64"}), {"model.norm.weight", "I64"});
  list.tensors("tensor_of_unknown_type", with_tensor({"model.norm.weight", {8}, "F99"}),
               {"model.norm.weight", "F99", "BF16"});
  list.tensors("tensor_of_rank_4", with_tensor({"model.norm.weight", {2, 2, 2, 1}}),
               {"model.norm.weight", "4 dimensions"});
  list.tensors("tensor_of_rank_0", with_tensor({"model.norm.weight", {}}), {"model.norm.weight", "0 dimensions"});
  list.tensors("tensor_empty", with_tensor({"model.norm.weight", {0, 8}}), {"model.norm.weight", "empty", "[0,8]"});
  list.tensors("extra_bias_of_doubles", with_tensor({"model.layers.0.self_attn.q_proj.bias", {1}, "F64"}),
               {"not part of the model", "q_proj.bias"});
  list.tensors("quantized_by_others_without_a_word",
               with_tensor({"model.layers.0.mlp.up_proj.qweight", {2}, "I64"},
                           without_tensor("model.layers.0.mlp.up_proj.weight")),
               {"1 missing", "bfloat16 original"});
  list.tensors("tied_with_another_head", kTensors, {"lm_head.weight", "model.embed_tokens.weight"},
               kConfig.with("tie_word_embeddings", "true"));
  list.tensors("more_kv_heads_than_the_weights_have", kTensors,
               {"model.layers.0.self_attn.k_proj.weight", "[8, 8]", "[4, 8]"},
               kConfig.with("num_key_value_heads", "2"));
  list.tensors("bias_promised_and_missing", kTensors, {"model.layers.0.self_attn.q_proj.bias"},
               kConfig.with("attention_bias", "true"));
  list.tensors("layer_promised_and_missing", kTensors, {"model.layers.1."}, kConfig.with("num_hidden_layers", "2"));
}

void add_quantized(List& list) {
  const ObjectText packed = kConfig.with("quantization_config", kQuantization.text());
  const auto member = [&](const std::string& name, const ObjectText& quantization, Words words) {
    list.tensors("quantized_" + name, kPackedTensors, std::move(words),
                 kConfig.with("quantization_config", quantization.text()));
  };
  for (const char* key : {"weights", "group_size", "head", "lanes", "rotation"}) {
    member(std::string("without_") + key, kQuantization.without(key), {"quantization_config", "missing key", key});
  }
  member("without_method", kQuantization.without("quant_method"), {"quantization_config", "wedlm"});
  member("int3", kQuantization.with("weights", "\"int3\""), {"weights", "int8, int4", "int3"});
  member("layers_that_are_not_packed", kQuantization.with("weights", "\"bf16\""), {"weights", "int8, int4", "bf16"});
  member("head_of_int5", kQuantization.with("head", "\"int5\""), {"head", "stored, bf16, int8, int4", "int5"});
  member("weights_are_a_number", kQuantization.with("weights", "4"), {"weights", "a string", "4"});
  member("rotation_of_32", kQuantization.with("rotation", "32"), {"rotation", "64", "32"});
  member("groups_of_48", kQuantization.with("group_size", "48"), {"group_size", "32, 64, 128", "48"});
  member("12_lanes", kQuantization.with("lanes", "12"), {"lanes", "8, 16, 32", "12"});
  member("0_lanes", kQuantization.with("lanes", "0"), {"lanes", "8, 16, 32"});
  member("lanes_are_a_string", kQuantization.with("lanes", "\"8\""), {"lanes", "8, 16, 32"});
  member("other_lanes_than_the_panels", kQuantization.with("lanes", "16"), {"qkv_proj.packed", "[1, 128]", "[2, 64]"});
  list.tensors("quantized_panels_missing", kTensors, {"5 missing", "qkv_proj.packed"}, packed);
  list.tensors("quantized_panels_unannounced", kPackedTensors, {"missing", "q_proj.weight", "lm_head.packed"});
  const std::string down = "model.layers.0.mlp.down_proj.packed";
  list.tensors("quantized_panels_too_short", with_tensor({down, {1, 64}, "U8"}, kPackedTensors),
               {down, "[1, 96]", "[1, 64]"}, packed);
  list.tensors("quantized_panels_of_another_rank", with_tensor({down, {96}, "U8"}, kPackedTensors),
               {down, "[1, 96]", "[96]"}, packed);
  list.tensors("quantized_panels_of_floats", with_tensor({down, {1, 96}, "F32"}, kPackedTensors), {down, "of bytes"},
               packed);
  list.tensors("bytes_where_numbers_should_be", with_tensor({"model.norm.weight", {8}, "U8"}),
               {"model.norm.weight", "of bytes"});
}

void add_shards(List& list) {
  list.index("index_empty", "", {"JSON"});
  list.index("index_array", "[]", {"object", "an array"});
  list.index("index_without_weight_map", "{}", {"weight_map"});
  list.index("index_weight_map_is_a_list", R"({"weight_map": ["a.safetensors"]})", {"weight_map", "an array"});
  list.index("index_weight_map_empty", R"({"weight_map": {}})", {"weight_map", "empty"});
  list.index("index_shard_is_an_integer", R"({"weight_map": {"x": 1}})", {"\"x\"", "1"});
  for (const auto& [name, shard] : std::vector<std::pair<std::string, std::string>>{{"up", "../a.safetensors"},
                                                                                    {"absolute", "/etc/passwd"},
                                                                                    {"below", "b/a.safetensors"},
                                                                                    {"dots", ".."},
                                                                                    {"nothing", ""},
                                                                                    {"line_break", "a\\nb"},
                                                                                    {"nul", "a.safetensors\\u0000"}}) {
    list.index("shard_name_" + name, R"({"weight_map": {"x": ")" + shard + "\"}}", {"\"x\"", "name of a file"});
  }
  list.sharded("shard_missing", Refusal::kResourceError, {"b.safetensors", "missing"},
               [](Sharded& sharded) { sharded.second.clear(); });
  list.sharded("shard_lacks_a_listed_tensor", Refusal::kInvalidInput, {"lm_head.weight", "b.safetensors"},
               [](Sharded& sharded) { sharded.second.pop_back(); });
  list.sharded("shard_has_an_unlisted_tensor", Refusal::kInvalidInput, {"\"other\"", "a.safetensors"},
               [](Sharded& sharded) {
                 sharded.first.push_back({"other", {2}});
               });
  list.sharded("tensor_in_two_shards", Refusal::kInvalidInput, {"model.embed_tokens.weight", "b.safetensors"},
               [](Sharded& sharded) { sharded.second.push_back(sharded.first.front()); });
  list.sharded("tensor_in_the_other_shard", Refusal::kInvalidInput, {"lm_head.weight"}, [](Sharded& sharded) {
    sharded.weight_map = sharded.weight_map.with("lm_head.weight", "\"a.safetensors\"");
  });
  list.sharded("shards_lack_a_weight", Refusal::kInvalidInput, {"1 missing", "lm_head.weight"}, [](Sharded& sharded) {
    sharded.second.pop_back();
    sharded.weight_map = sharded.weight_map.without("lm_head.weight");
  });
}

void add_generation_configs(List& list) {
  list.generation("generation_config_empty", "", {"JSON"});
  list.generation("generation_config_array", "[]", {"an array"});
  list.generation("generation_temperature_negative", R"({"temperature": -0.5})", {"temperature", "-0.5"});
  list.generation("generation_temperature_is_a_string", R"({"temperature": "hot"})", {"temperature", "hot"});
  list.generation("generation_top_p_above_1", R"({"top_p": 1.5})", {"top_p", "1.5"});
  list.generation("generation_top_p_zero", R"({"top_p": 0})", {"top_p"});
  list.generation("generation_min_p_above_1", R"({"min_p": 1.01})", {"min_p", "1.01"});
  list.generation("generation_top_k_negative", R"({"top_k": -2})", {"top_k", "-2"});
  list.generation("generation_top_k_float", R"({"top_k": 2.5})", {"top_k", "2.5"});
  list.generation("generation_repetition_penalty_zero", R"({"repetition_penalty": 0})", {"repetition_penalty"});
  list.generation("generation_suppress_tokens_outside", R"({"suppress_tokens": [24]})", {"suppress_tokens", "24"});
  list.generation("generation_do_sample_is_a_string", R"({"do_sample": "no"})", {"do_sample"});
  list.generation("generation_eos_outside_vocabulary", R"({"eos_token_id": [22, 24]})", {"eos_token_id", "24"});
  list.generation("generation_eos_is_an_object", R"({"eos_token_id": {}})", {"eos_token_id"});
}

}  // namespace

std::string safetensors_file(std::string_view header, std::string_view data) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(header.size() >> (8 * i));
  return bytes.append(header).append(data);
}

SafetensorsParts safetensors_parts(const fs::path& path) {
  const std::string file = read_text(path);
  std::uint64_t header_bytes = 0;
  for (std::size_t i = 8; i-- > 0;) header_bytes = header_bytes << 8 | static_cast<unsigned char>(file[i]);
  return {.header = file.substr(8, header_bytes), .data = file.substr(8 + header_bytes)};
}

void write_small_checkpoint(const fs::path& folder) {
  write_checkpoint(folder, kConfig.text(), safetensors_of(kTensors));
}

const std::vector<MalformedCheckpoint>& malformed_checkpoints() {
  static const std::vector<MalformedCheckpoint> all = [] {
    List list;
    add_folders(list);
    add_config_texts(list);
    add_config_members(list);
    add_headers(list);
    add_weights(list);
    add_quantized(list);
    add_shards(list);
    add_generation_configs(list);
    return list.take();
  }();
  return all;
}

}  // namespace wedlm
