// Handles of a loaded model and of an engine over it.
#pragma once

#include "python/bindings/in_this_process.h"
#include "wedlm/engine/engine.h"
#include "wedlm/engine/loaded_model.h"

namespace wedlm::python {

using ModelHandle = InThisProcess<LoadedModel>;

/// An engine keeps its model.
struct RunningEngine {
  std::shared_ptr<LoadedModel> model;
  Engine engine;

  RunningEngine(std::shared_ptr<LoadedModel> over, const EngineOptions& options)
      : model(std::move(over)), engine(*model, options) {}
};
using EngineHandle = InThisProcess<RunningEngine>;

}  // namespace wedlm::python
