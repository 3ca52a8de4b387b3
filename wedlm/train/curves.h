// The picture of a run: losses, learning rate and what exercises came to, over its steps.
#pragma once

#include <optional>
#include <string>

#include "wedlm/train/metrics.h"

namespace wedlm::train {

/// An SVG file; `name` is that of the run. nullopt where nothing was measured yet.
std::optional<std::string> curves(const Metrics& metrics, const std::string& name);

}  // namespace wedlm::train
