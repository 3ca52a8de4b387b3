// How far one loaded model is from another over a text file, in a line for people.
#pragma once

#include <string>

#include "wedlm/engine/loaded_model.h"

namespace wedlm {

/// "93.71 % of next tokens as with the stored weights, over 1234 positions; ...". Throws InvalidInput for a text or a
/// model that cannot be compared, and ResourceError for a file that cannot be read.
std::string fidelity_text(LoadedModel& truth, LoadedModel& tested, const std::string& path);

}  // namespace wedlm
