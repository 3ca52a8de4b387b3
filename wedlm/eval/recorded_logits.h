// Comparing a checkpoint's logits with recorded ones, such as another implementation wrote: what `wedlm verify
// --logits` does. The file is an array of objects:
//   prompt_ids [n], prompt_last_logits [vocab_size]      the prompt, and the logits of its last row
//   window_ids, window_positions [w]                     rows after the cached prompt, in the order in which they see
//   window_logits [w][vocab_size]                        each other, and their logits; may be left out
#pragma once

#include "wedlm/base/json.h"
#include "wedlm/engine/loaded_model.h"

namespace wedlm {

/// Where a row differs most from what was recorded.
struct LogitsRow {
  std::size_t record = 0;        // index in the file
  std::int64_t position = 0;     // of the row's token in the sequence
  TokenId token = kNoToken;      // of the logit
  double recorded = 0, got = 0;  // its values
  double error_share = 0;        // their difference over the range of the row's recorded logits
};

struct LogitsComparison {
  std::int64_t num_rows = 0;
  LogitsRow worst{};  // the row with the largest error_share
};

/// A model inside a larger shape may have more logits than were recorded. Throws InvalidInput, naming `what`, for a
/// record that is not of the form above or does not fit the model.
LogitsComparison compare_logits(LoadedModel& model, const Json& cases, std::string_view what);

}  // namespace wedlm
