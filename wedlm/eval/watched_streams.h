// Answers that are waited for while somebody looks on.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "wedlm/base/watcher.h"
#include "wedlm/engine/response_stream.h"

namespace wedlm {

/// The results of all, in their order. Once the watcher is interrupted all requests are cancelled, and what was
/// committed is returned. Throws InternalError where a forward failed; `what` is put in front.
std::vector<Result> wait_for_results(const std::vector<std::shared_ptr<ResponseStream>>& streams,
                                     const Watcher& watcher, const std::string& what);

}  // namespace wedlm
