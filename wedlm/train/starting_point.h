// What a run of training begins with: a checkpoint, or a shape whose weights are drawn.
#pragma once

#include <filesystem>
#include <memory>

#include "wedlm/base/json.h"
#include "wedlm/model/model_config.h"
#include "wedlm/model/weight_source.h"

namespace wedlm::train {

struct StartingPoint {
  ModelConfig config{};                // with its mask token named
  Json config_json{};                  // of which the run's checkpoints have theirs
  std::filesystem::path companions{};  // the folder whose files they have beside it (companion_files.h)
  std::shared_ptr<const WeightSource> weights{};
  bool is_from_nothing = false;  // then only the tokenizer of that folder is the model's
};

}  // namespace wedlm::train
