#include "wedlm/engine/loaded_model.h"

#include <algorithm>
#include <utility>

#include "wedlm/model/inflated_weights.h"
#include "wedlm/model/weight_source.h"

namespace wedlm {

namespace {

/// The tokenizer's token of that content, where the model has it.
std::optional<TokenId> find_inside(const ModelConfig& config, const Tokenizer* tokenizer,
                                   const std::string& (Tokenizer::*content)() const) {
  if (tokenizer == nullptr || (tokenizer->*content)().empty()) return std::nullopt;
  const std::optional<TokenId> id = tokenizer->find((tokenizer->*content)());
  return id && *id < config.vocab_size ? id : std::nullopt;
}

}  // namespace

std::vector<TokenId> end_token_ids(const ModelConfig& config, const GenerationDefaults& defaults,
                                   const Tokenizer* tokenizer) {
  std::vector<TokenId> ids = defaults.eos_token_ids.empty() ? config.eos_token_ids : defaults.eos_token_ids;
  const std::optional<TokenId> eos = find_inside(config, tokenizer, &Tokenizer::eos_token);
  if (eos && !std::ranges::count(ids, *eos)) ids.push_back(*eos);
  return ids;
}

void name_mask_token(ModelConfig& config, const Tokenizer* tokenizer) {
  if (const auto id = find_inside(config, tokenizer, &Tokenizer::mask_token)) {
    name_mask_token(config, MaskSource::kTokenizer, *id);
  }
}

std::unique_ptr<LoadedModel> LoadedModel::load(const std::filesystem::path& folder, const LoadOptions& options) {
  return load(folder, options, make_backend(options.backend));
}

std::unique_ptr<LoadedModel> LoadedModel::load(const std::filesystem::path& folder, const LoadOptions& options,
                                               std::unique_ptr<Backend> backend) {
  std::unique_ptr<LoadedModel> model(new LoadedModel);
  model->folder_ = folder;
  model->checkpoint_ = std::make_unique<Checkpoint>(Checkpoint::open(folder));
  model->config_ = parse_model_config(model->checkpoint_->config());
  model->formats_ = formats_to_load(model->config_.quantization, options.formats);
  model->generation_defaults_ =
      parse_generation_config(model->checkpoint_->generation_config(), model->config_.vocab_size);
  if (options.mask_token_id) name_mask_token(model->config_, MaskSource::kCaller, *options.mask_token_id);
  if (Tokenizer::is_in(folder)) {
    model->tokenizer_ = Tokenizer::load(folder);
    model->chat_template_ =
        options.chat_template ? options.chat_template->with_tokens_of(folder) : ChatTemplate::load(folder);
  }
  name_mask_token(model->config_, model->tokenizer());
  model->eos_token_ids_ = end_token_ids(model->config_, model->generation_defaults_, model->tokenizer());
  model->generation_defaults_.has_mask_token = model->config_.mask_source != MaskSource::kNobody;
  model->backend_ = std::move(backend);
  model->make_transformer(options);
  return model;
}

void LoadedModel::make_transformer(const LoadOptions& options) {
  const CheckpointWeights weights(*checkpoint_, config_);
  if (!options.inflate) {
    transformer_ = std::make_unique<Transformer>(weights, config_, *backend_, options.progress, formats_);
    return;
  }
  const ModelConfig small =
      std::exchange(config_, inflated_config(config_, options.inflate->config, options.inflate->name));
  inflated_to_ = options.inflate->name;
  const InflatedWeights inflated(weights, small, config_,
                                 {.formats = formats_, .num_threads = options.backend.cpu.num_threads});
  transformer_ = std::make_unique<Transformer>(inflated, config_, *backend_, options.progress, formats_);
}

}  // namespace wedlm
