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
  std::vector<train::TrainingFile> eval_files{};
  std::optional<double> eval_share{};
  train::SampleOptions samples{};
  train::TrainOptions options{};
  std::optional<std::int32_t> mask_token_id{};
  std::optional<std::string> output{};
  train::BadLines bad_lines = train::BadLines::kRefuse;
  bool is_dry_run = false;
};

void add_train_flags(CLI::App& app, TrainFlags& flags);

}  // namespace wedlm::cli
