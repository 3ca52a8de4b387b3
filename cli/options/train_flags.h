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
  std::vector<train::TrainingFile> files{};
  train::SampleOptions samples{};
  train::TrainOptions options{};
  std::optional<std::int32_t> mask_token_id{};
  std::optional<std::int64_t> lora_rank{};
  LoraConfig lora{};  // that a rank switches on
  WeightType base_weights = WeightType::kStored;
  std::optional<std::string> output{};
  bool skips_bad_lines = false;
  bool is_dry_run = false;
};

void add_train_flags(CLI::App& app, TrainFlags& flags);

/// The adapter to train, of that base as -m names it; nullopt where all weights are. Throws InvalidInput for settings
/// of an adapter without a rank.
std::optional<LoraConfig> chosen_lora(const TrainFlags& flags, const std::string& base);

}  // namespace wedlm::cli
