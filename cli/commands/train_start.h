// What `wedlm train` begins with, as its flags name it: a checkpoint, or a shape and a tokenizer.
#pragma once

#include <memory>
#include <optional>

#include "cli/options/train_flags.h"
#include "wedlm/checkpoint/checkpoint.h"
#include "wedlm/text/chat_template.h"
#include "wedlm/text/tokenizer.h"
#include "wedlm/train/starting_point.h"

namespace wedlm::cli {

struct TrainStart {
  std::unique_ptr<const Checkpoint> checkpoint{};  // none where it begins with nothing
  Tokenizer tokenizer;
  std::optional<ChatTemplate> chat_template{};
  train::StartingPoint point{};  // its companions are the folder of the tokenizer
};

/// Throws InvalidInput for flags that do not go together, for a shape or checkpoint that is not sound, for one without
/// a mask token, and for a tokenizer with more tokens than the model; ResourceError for what cannot be read.
TrainStart open_start(const TrainFlags& flags, int num_threads);

}  // namespace wedlm::cli
