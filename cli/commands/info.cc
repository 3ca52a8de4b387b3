// `wedlm info`: what a checkpoint is and what it will cost, from its files alone; no weight is read.
#include <algorithm>
#include <memory>

#include "cli/commands/commands.h"
#include "cli/options/engine_flags.h"
#include "cli/options/model_folder.h"
#include "cli/options/option_group.h"
#include "cli/options/subcommand.h"
#include "cli/options/weight_flags.h"
#include "cli/terminal/console.h"
#include "wedlm/base/error.h"
#include "wedlm/base/number_text.h"
#include "wedlm/checkpoint/adapter.h"
#include "wedlm/checkpoint/checkpoint.h"
#include "wedlm/engine/loaded_model.h"
#include "wedlm/model/generation_config.h"
#include "wedlm/model/kv_cache.h"
#include "wedlm/model/model_config.h"
#include "wedlm/model/weight_list.h"
#include "wedlm/text/tokenizer.h"

namespace wedlm::cli {
namespace {

constexpr std::int64_t kDefaultContext = 4096;

struct InfoOptions {
  ModelFolder model;
  WeightFlags weights;
  OutputOptions output;
  std::optional<std::int64_t> context;
  std::optional<std::string> kv_cache_type;
};

Json token_json(TokenId id, const std::optional<Tokenizer>& tokenizer) {
  Json json = Json::object({{"id", id}});
  if (tokenizer) json.set("text", replace_ill_formed_utf8(tokenizer->token_bytes(id)));
  return json;
}

Json mask_token_json(const ModelConfig& config, const std::optional<Tokenizer>& tokenizer) {
  if (config.mask_source == MaskSource::kNobody) return {};
  Json json = token_json(config.mask_token_id, tokenizer);
  json.set("source", mask_source_name(config.mask_source));
  return json;
}

/// Of every weight once it is loaded; embeddings stay in the mapped file and are not counted, the head is.
std::int64_t loaded_bytes(const ModelConfig& config, const ModelFormats& formats, DType dtype) {
  std::int64_t bytes = matrix_bytes(config, formats, dtype);
  for (const WeightSpec& spec : weight_list(config)) {
    if (spec.shape.rank() == 1) bytes += spec.shape.num_elements() * static_cast<std::int64_t>(sizeof(float));
  }
  return bytes;
}

Json info_json(const Checkpoint& checkpoint, const InfoOptions& options) {
  ModelConfig config = parse_model_config(checkpoint.config());
  const ModelFormats formats = formats_to_load(config.quantization, options.weights.formats());
  const DType kv_cache_type = kv_cache_type_of(options.kv_cache_type);
  const std::int64_t context = options.context.value_or(std::min(config.max_length(), kDefaultContext));
  const GenerationDefaults defaults = parse_generation_config(checkpoint.generation_config(), config.vocab_size);
  const std::filesystem::path& folder = checkpoint.folder();
  const auto tokenizer = Tokenizer::is_in(folder) ? std::optional(Tokenizer::load(folder)) : std::nullopt;
  const Tokenizer* const names = tokenizer ? &*tokenizer : nullptr;
  name_mask_token(config, names);
  Json::Array eos;
  for (const TokenId id : end_token_ids(config, defaults, names)) eos.push_back(token_json(id, tokenizer));
  // Of the first tensor that holds numbers: packed weights are bytes.
  const auto first = std::ranges::find_if(
      checkpoint.tensors(), [](const auto& e) { return e.unusable.empty() && e.tensor.dtype() != DType::kU8; });
  const bool has_numbers = first != checkpoint.tensors().end();
  const DType stored_type = has_numbers ? first->tensor.dtype() : DType::kF32;
  const std::string stored = config.quantization ? describe(formats) : "";
  const std::string dtype = stored.empty() && has_numbers ? std::string(dtype_name(stored_type)) : stored;
  const std::string loaded = describe(formats);
  const std::optional<Adapter> adapter = find_adapter(folder);
  return Json::object({
      {"folder", checkpoint.folder().string()},
      {"model_type", config.model_type},
      {"parameters", config.num_parameters()},
      {"dtype", dtype},
      {"vocab_size", config.vocab_size},
      {"hidden_size", config.hidden_size},
      {"intermediate_size", config.intermediate_size},
      {"num_hidden_layers", config.num_hidden_layers},
      {"num_attention_heads", config.num_attention_heads},
      {"num_key_value_heads", config.num_key_value_heads},
      {"head_dim", config.head_dim},
      {"max_position_embeddings", config.max_position_embeddings},
      {"max_length", config.max_length()},
      {"rope_theta", config.rope.theta},
      {"rope_type", std::string(rope_type_name(config.rope.type))},
      {"rope_factor", config.rope.factor},
      {"rms_norm_eps", config.rms_norm_eps},
      {"tie_word_embeddings", config.tie_word_embeddings},
      {"attention_bias", config.attention_bias},
      {"qk_norm", config.qk_norm},
      {"mask_token", mask_token_json(config, tokenizer)},
      {"eos_tokens", eos},
      {"temperature", defaults.temperature ? Json(static_cast<double>(*defaults.temperature)) : Json()},
      {"tokenizer_vocab_size", tokenizer ? Json(static_cast<std::int64_t>(tokenizer->vocab_size())) : Json()},
      {"tensors", static_cast<std::int64_t>(checkpoint.tensors().size())},
      {"files", static_cast<std::int64_t>(checkpoint.files().size())},
      {"adapter", adapter ? Json(adapter->description()) : Json()},
      {"weight_bytes", checkpoint.total_bytes()},
      {"loaded_weights", loaded.empty() ? "stored" : loaded},
      {"loaded_weight_bytes", loaded_bytes(config, formats, stored_type)},
      {"context", context},
      {"kv_cache_type", std::string(kv_cache_type_name(kv_cache_type))},
      {"kv_bytes_per_token", config.kv_bytes_per_token(kv_cache_type)},
      {"kv_cache_bytes", context * config.kv_bytes_per_token(kv_cache_type)},
  });
}

std::string token_text(const Json& token) {
  if (token.is_null()) return "none";
  const Json* text = token.find("text");
  return std::to_string(token.at("id").as_integer()) + (text != nullptr ? " " + text->as_string() : "");
}

std::string info_text(const Json& info) {
  std::string out;
  const auto line = [&out](std::string label, const std::string& value) {
    label.resize(20, ' ');
    out += label + value + "\n";
  };
  const auto integer = [&info](std::string_view key) { return std::to_string(info.at(key).as_integer()); };
  const auto real = [&info](std::string_view key) { return write_json(info.at(key)); };
  const auto bytes = [&info](std::string_view key) { return size_text(info.at(key).as_number()); };
  std::string eos;
  for (const Json& token : info.at("eos_tokens").as_array()) eos += (eos.empty() ? "" : ", ") + token_text(token);
  std::string traits = info.at("tie_word_embeddings").as_bool() ? "tied head" : "untied head";
  if (info.at("qk_norm").as_bool()) traits += ", q/k norm";
  if (info.at("attention_bias").as_bool()) traits += ", attention bias";

  line("Folder", info.at("folder").as_string());
  line("Architecture", info.at("model_type").as_string() + " (" + traits + ")");
  line("Parameters", count_text(info.at("parameters").as_number()) + " (" + integer("parameters") + ")");
  line("Layers", integer("num_hidden_layers"));
  line("Hidden size", integer("hidden_size") + ", intermediate " + integer("intermediate_size"));
  line("Attention", integer("num_attention_heads") + " heads, " + integer("num_key_value_heads") +
                        " key and value heads, head size " + integer("head_dim"));
  const bool is_stretched = info.at("rope_type").as_string() != "default";
  line("Positions",
       integer("max_length") + ", rope theta " + real("rope_theta") +
           (is_stretched ? ", stretched by " + info.at("rope_type").as_string() + ", factor " + real("rope_factor")
                         : ""));
  line("Vocabulary", integer("vocab_size") + (info.at("tokenizer_vocab_size").is_null()
                                                  ? ", no tokenizer files"
                                                  : ", of the tokenizer " + integer("tokenizer_vocab_size")));
  const Json* source = info.at("mask_token").find("source");
  const bool is_assumed = source != nullptr && *source == Json(mask_source_name(MaskSource::kAssumed));
  line("Mask token",
       token_text(info.at("mask_token")) + (is_assumed ? " (assumed: the configuration names none)" : ""));
  line("End tokens", eos.empty() ? "none" : eos);
  line("Weights", bytes("weight_bytes") + " as " + info.at("dtype").as_string() + ", " + integer("tensors") +
                      " tensors in " + integer("files") + (info.at("files").as_integer() == 1 ? " file" : " files"));
  if (!info.at("adapter").is_null()) line("Adapter", info.at("adapter").as_string() + ", not applied");
  line("In memory",
       bytes("loaded_weight_bytes") + ", weights " +
           (info.at("loaded_weights").as_string() == "stored" ? "as stored" : info.at("loaded_weights").as_string()));
  line("K/V cache", bytes("kv_cache_bytes") + " for " + integer("context") + " tokens, " + bytes("kv_bytes_per_token") +
                        " a token as " + info.at("kv_cache_type").as_string());
  return out;
}

int run_info(const InfoOptions& options) {
  constexpr std::int64_t kMaxContext = std::int64_t{1} << 31;
  if (options.context && (*options.context < 1 || *options.context > kMaxContext)) {
    throw InvalidInput("--context: expected 1 to " + std::to_string(kMaxContext) + ", got " +
                       std::to_string(*options.context));
  }
  const Console console(options.output);
  const Json info = info_json(Checkpoint::open(options.model.folder()), options);
  console.print(options.output.json ? write_json(info) + "\n" : info_text(info));
  return 0;
}

}  // namespace

Command add_info(CLI::App& program) {
  CLI::App* app = add_subcommand(
      program, "info",
      "Describe a checkpoint.\nArchitecture, sizes, special tokens, and the memory it takes; reads no weights.");
  const auto options = std::make_shared<InfoOptions>();
  add_model_option(*app, options->model);
  add_weight_options(*app, options->weights);
  OptionGroup(*app, "Model")
      .path({.names = "MODEL", .value = "MODEL", .text = "The same as --model."}, options->model.model);
  OptionGroup output(*app, "Output");
  output.integer({.names = "--context",
                  .value = "N",
                  .text = "Tokens for which the memory of the K/V cache is computed.",
                  .default_text = "the checkpoint's, at most 4096"},
                 options->context);
  add_kv_cache_type_option(output, options->kv_cache_type);
  output.flag({.names = "--json", .text = "Print one JSON object."}, options->output.json);
  set_footer(*app, "Examples:\n  wedlm info\n  wedlm info tencent/WeDLM-8B-Instruct --context 16384 --weights int4");
  return {.app = app, .run = [options] { return run_info(*options); }};
}

}  // namespace wedlm::cli
