#include "wedlm/engine/loaded_model.h"

#include "wedlm/base/error.h"

namespace wedlm {

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
  if (options.mask_token_id) {
    const TokenId mask = *options.mask_token_id;
    if (mask < 0 || mask >= model->config_.vocab_size) {
      throw InvalidInput("mask token id: the vocabulary has " + std::to_string(model->config_.vocab_size) +
                         " tokens, got " + std::to_string(mask));
    }
    model->config_.mask_token_id = mask;
  }
  if (Tokenizer::is_in(folder)) {
    model->tokenizer_ = Tokenizer::load(folder);
    model->chat_template_ = ChatTemplate::load(folder);
  }
  model->backend_ = std::move(backend);
  model->transformer_ = std::make_unique<Transformer>(*model->checkpoint_, model->config_, *model->backend_,
                                                      options.progress, model->formats_);
  return model;
}

}  // namespace wedlm
