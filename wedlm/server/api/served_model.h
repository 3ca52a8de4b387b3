// What there is to answer with, once the model is loaded.
#pragma once

#include <cstdint>
#include <string>

#include "wedlm/engine/engine.h"
#include "wedlm/engine/loaded_model.h"
#include "wedlm/frontend/prompt_encoder.h"

namespace wedlm::server {

/// Model and engine outlive it.
struct ServedModel {
  LoadedModel& model;
  Engine& engine;
  PromptEncoder encoder;
  std::string name;          // by which clients know it
  std::int64_t created = 0;  // seconds since 1970
};

}  // namespace wedlm::server
