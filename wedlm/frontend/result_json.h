// What came back, as JSON: the same words at every door.
#pragma once

#include <cstddef>

#include "wedlm/base/json.h"
#include "wedlm/engine/request.h"

namespace wedlm {

/// The object that `generate --json` prints for one prompt, described in docs/command-line.md.
Json result_json(const Result& result, std::size_t index);

/// Reads what result_json() writes; figures that follow from others are not read, unknown members are ignored. Throws
/// InvalidInput naming the member.
Result result_of_json(const Json& json);

}  // namespace wedlm
