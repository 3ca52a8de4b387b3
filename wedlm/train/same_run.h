// Whether the processes of a run are about to do the same: each has read data, options and weights by itself.
#pragma once

#include "wedlm/base/json.h"
#include "wedlm/train/reports.h"
#include "wedlm/train/torch/ranks.h"
#include "wedlm/train/trainer.h"

namespace wedlm::train {

/// Throws InvalidInput in all of them, naming a rank and what it has otherwise than the first one: of the run's
/// identity, of what is in its data, or of what it does when.
void check_same_run(const Json& identity, const RunData& data, const TrainOptions& options, const RunHooks& hooks,
                    Ranks& ranks);
/// The same for what was loaded.
void check_same_weights(const TrainedModel& model, Ranks& ranks);

}  // namespace wedlm::train
