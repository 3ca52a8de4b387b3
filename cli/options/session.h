// A model that is ready to answer: loaded, told about on standard error, with an engine over it.
#pragma once

#include <memory>

#include "cli/options/model_options.h"
#include "cli/terminal/console.h"
#include "wedlm/base/json.h"
#include "wedlm/engine/engine.h"
#include "wedlm/engine/loaded_model.h"
#include "wedlm/frontend/sampling_settings.h"

namespace wedlm::cli {

/// Says on standard error why decoding is autoregressive, where nobody asked for that: the model has no mask token.
void note_mode(const SamplingSettings& settings, const LoadedModel& model, const Console& console);

/// The model outlives the engine.
struct Session {
  std::unique_ptr<LoadedModel> model;
  std::unique_ptr<Engine> engine;
};

/// The shape that the model is computed in, for a report; null where that is its own.
Json inflated_to_json(const LoadedModel& model);

/// Loads the model with a progress bar, and says how long it took.
std::unique_ptr<LoadedModel> load_model(const ModelOptions& options, const Console& console);

Session open_session(const ModelOptions& model_options, const EngineOptions& engine_options, const Console& console);

}  // namespace wedlm::cli
