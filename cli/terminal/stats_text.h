// What a person is told about an answer afterwards.
#pragma once

#include <string>

#include "wedlm/engine/request.h"

namespace wedlm::cli {

/// Lines of figures.
std::string stats_text(const Result& result);

}  // namespace wedlm::cli
