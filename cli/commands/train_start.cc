#include "cli/commands/train_start.h"

#include "wedlm/base/error.h"
#include "wedlm/checkpoint/model_path.h"
#include "wedlm/engine/loaded_model.h"
#include "wedlm/frontend/text_input.h"
#include "wedlm/train/initial_weights.h"
#include "wedlm/train/shape.h"

namespace wedlm::cli {
namespace {

namespace fs = std::filesystem;

/// A configuration with a mask: its own, the caller's, the tokenizer's, or Qwen's first id that no text has. `what`
/// names whose it is in messages.
ModelConfig masked_config(ModelConfig config, const Tokenizer& tokenizer, const TrainFlags& flags,
                          const std::string& what) {
  if (flags.mask_token_id) name_mask_token(config, MaskSource::kCaller, *flags.mask_token_id);
  name_mask_token(config, &tokenizer);
  if (config.mask_source != MaskSource::kNobody) return config;
  const bool is_unused = kUsualMaskTokenId < config.vocab_size && tokenizer.token_bytes(kUsualMaskTokenId).empty();
  if (!is_unused) {
    throw InvalidInput(what + " names no mask token; give the id of a token that no text has with --mask-token-id");
  }
  name_mask_token(config, MaskSource::kAssumed, kUsualMaskTokenId);
  return config;
}

TrainStart from_checkpoint(const TrainFlags& flags) {
  const fs::path folder = flags.model ? resolve_model(*flags.model) : default_model();
  auto checkpoint = std::make_unique<const Checkpoint>(Checkpoint::open(folder));
  TrainStart start{.tokenizer = Tokenizer::load(folder), .chat_template = ChatTemplate::load(folder)};
  start.point.config = masked_config(parse_model_config(checkpoint->config()), start.tokenizer, flags, folder.string());
  if (static_cast<std::size_t>(start.point.config.vocab_size) < start.tokenizer.vocab_size()) {
    throw InvalidInput(folder.string() + ": the model has " + std::to_string(start.point.config.vocab_size) +
                       " tokens, and its tokenizer " + std::to_string(start.tokenizer.vocab_size()));
  }
  start.point.config_json = checkpoint->config();
  start.point.companions = folder;
  start.point.weights = std::make_shared<CheckpointWeights>(*checkpoint, start.point.config);
  start.checkpoint = std::move(checkpoint);
  return start;
}

TrainStart from_nothing(const TrainFlags& flags, int num_threads) {
  const fs::path folder = resolve_model(*flags.tokenizer);
  TrainStart start{.tokenizer = Tokenizer::load(folder), .chat_template = ChatTemplate::load(folder)};
  const TextInput input = read_input(flags.shape);
  const Json shape = parse_json(input.text, input.name);
  start.point.config_json = train::config_of_shape(shape, input.name, start.tokenizer);
  start.point.config =
      masked_config(parse_model_config(start.point.config_json, input.name), start.tokenizer, flags, input.name);
  start.point.companions = folder;
  start.point.weights = std::make_shared<train::InitialWeights>(
      start.point.config, train::InitialOptions{.standard_deviation = train::initializer_range(shape, input.name),
                                                .seed = flags.options.batches.seed,
                                                .num_threads = num_threads});
  start.point.is_from_nothing = true;
  return start;
}

}  // namespace

TrainStart open_start(const TrainFlags& flags, int num_threads) {
  if (!flags.shape) {
    if (flags.tokenizer) throw InvalidInput("--tokenizer belongs to a model from nothing: give its --shape too");
    return from_checkpoint(flags);
  }
  if (flags.model) throw InvalidInput("give --model or --shape, not both");
  if (!flags.tokenizer) throw InvalidInput("--shape: name the folder of the model's tokenizer with --tokenizer");
  if (flags.lora_rank) {
    throw InvalidInput("--lora-rank: an adapter learns beside weights that know something; give a --model");
  }
  if (flags.own_answers) {
    throw InvalidInput("--self-generate: a model that begins with nothing has no answers yet; leave it out");
  }
  return from_nothing(flags, num_threads);
}

}  // namespace wedlm::cli
