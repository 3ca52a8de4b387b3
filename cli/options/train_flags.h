// The options of `wedlm train`: where data comes from, the recipe, and how it runs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "wedlm/train/trainer.h"

namespace CLI {
class App;
}  // namespace CLI

namespace wedlm::cli {

struct TrainFlags {
  std::optional<std::string> model{};
  std::optional<std::string> shape{};      // instead of a model
  std::optional<std::string> tokenizer{};  // of the shape
  std::vector<train::TrainingFile> files{};
  std::vector<train::TrainingFile> eval_files{};
  std::optional<double> eval_share{};
  std::optional<std::string> exercises{};
  std::int32_t exercise_limit = 100;
  std::int32_t exercise_tokens = 128;  // of an answer
  train::SampleOptions samples{};
  train::TrainOptions options{};
  std::optional<std::int32_t> mask_token_id{};
  std::optional<std::int64_t> lora_rank{};
  LoraConfig lora{};  // that a rank switches on
  WeightType base_weights = WeightType::kStored;
  std::optional<std::string> output{};
  std::optional<std::string> token_cache{};
  std::optional<std::string> own_answers{};  // the folder of the model's own answers to the data
  std::int32_t own_answer_tokens = 512;      // of one, at most
  train::BadLines bad_lines = train::BadLines::kRefuse;
  bool is_dry_run = false;
};

void add_train_flags(CLI::App& app, TrainFlags& flags);

/// The adapter to train, of that base as -m names it; nullopt where all weights are. Throws InvalidInput for settings
/// of an adapter without a rank.
std::optional<LoraConfig> chosen_lora(const TrainFlags& flags, const std::string& base);

}  // namespace wedlm::cli
