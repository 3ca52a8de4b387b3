// A checkpoint made ready to run: weights in a backend's layout, tokenizer and chat template where the folder has them.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "wedlm/backend/make_backend.h"
#include "wedlm/model/generation_config.h"
#include "wedlm/model/model_config.h"
#include "wedlm/model/model_shapes.h"
#include "wedlm/model/transformer.h"
#include "wedlm/text/chat_template.h"
#include "wedlm/text/tokenizer.h"

namespace wedlm {

struct LoadOptions {
  BackendOptions backend;
  std::optional<TokenId> mask_token_id;       // instead of the checkpoint's
  std::optional<ChatTemplate> chat_template;  // instead of the checkpoint's
  ModelFormats formats;                       // as stored where the checkpoint is quantized already
  std::optional<ModelShape> inflate;          // computed inside this larger shape (model/inflated_weights.h)
  /// Called with bytes done and bytes in all while weights are laid out.
  std::function<void(std::size_t done, std::size_t total)> progress;
};

/// The tokens that end an answer: those of generation_config.json, else of config.json, and the eos_token of the
/// tokenizer (nullptr: there is none), which alone knows the end of a turn where a model was fine-tuned for chats.
std::vector<TokenId> end_token_ids(const ModelConfig& config, const GenerationDefaults& defaults,
                                   const Tokenizer* tokenizer);

/// Takes the mask_token of the tokenizer (nullptr: there is none) where nobody who counts more has named the mask.
void name_mask_token(ModelConfig& config, const Tokenizer* tokenizer);

class LoadedModel {
 public:
  /// Throws InvalidInput for a checkpoint that is not sound and as inflated_config(), ResourceError for one that cannot
  /// be read.
  static std::unique_ptr<LoadedModel> load(const std::filesystem::path& folder, const LoadOptions& options);
  /// Over this backend instead of the one that the options name.
  static std::unique_ptr<LoadedModel> load(const std::filesystem::path& folder, const LoadOptions& options,
                                           std::unique_ptr<Backend> backend);

  const std::filesystem::path& folder() const { return folder_; }
  /// That of the forwards: in the sizes of `inflate`, where there is one.
  const ModelConfig& config() const { return config_; }
  /// The name of the shape that it is computed in, where that is not its own.
  const std::optional<std::string>& inflated_to() const { return inflated_to_; }
  const GenerationDefaults& generation_defaults() const { return generation_defaults_; }
  /// Those that the matrices have.
  const ModelFormats& formats() const { return formats_; }
  Backend& backend() const { return *backend_; }
  const Transformer& transformer() const { return *transformer_; }

  /// nullptr where the folder has no tokenizer files: such a model takes and gives token ids only.
  const Tokenizer* tokenizer() const { return tokenizer_ ? &*tokenizer_ : nullptr; }
  /// nullptr where the checkpoint has none.
  const ChatTemplate* chat_template() const { return chat_template_ ? &*chat_template_ : nullptr; }

  /// end_token_ids() of all these.
  const std::vector<TokenId>& eos_token_ids() const { return eos_token_ids_; }

 private:
  LoadedModel() = default;
  void make_transformer(const LoadOptions& options);

  std::filesystem::path folder_;
  ModelConfig config_;
  std::optional<std::string> inflated_to_;
  GenerationDefaults generation_defaults_;
  std::vector<TokenId> eos_token_ids_;
  ModelFormats formats_;
  std::unique_ptr<Backend> backend_;
  std::unique_ptr<Checkpoint> checkpoint_;  // the mapped files, which placed tensors may still look at
  std::unique_ptr<Transformer> transformer_;
  std::optional<Tokenizer> tokenizer_;
  std::optional<ChatTemplate> chat_template_;
};

}  // namespace wedlm
