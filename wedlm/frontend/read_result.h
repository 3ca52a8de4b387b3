// Reading an answer to its end with a thread of one's own.
#pragma once

#include <functional>
#include <string>

#include "wedlm/engine/response_stream.h"

namespace wedlm {

struct StreamReading {
  std::function<bool()> is_interrupted;
  std::function<void()> cancel;                        // called once, when it is; what is left is still read
  std::function<void(const StreamEvent& event)> show;  // each event as it comes, or empty
};

/// Waits for the end.
Result read_result(ResponseStream& stream, const StreamReading& reading);

/// Throws InternalError where the request's step failed; `source` names the prompt.
void check_result(const Result& result, const std::string& source);

}  // namespace wedlm
