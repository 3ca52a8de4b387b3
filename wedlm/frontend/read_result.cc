#include "wedlm/frontend/read_result.h"

#include <chrono>
#include <optional>

#include "wedlm/base/error.h"

namespace wedlm {

Result read_result(ResponseStream& stream, const StreamReading& reading) {
  constexpr std::chrono::milliseconds kLookForInterrupt(50);
  bool is_cancelled = false;
  while (!stream.is_finished()) {
    if (!is_cancelled && reading.is_interrupted()) {
      reading.cancel();
      is_cancelled = true;
    }
    const std::optional<StreamEvent> event = stream.next_for(kLookForInterrupt);
    if (event && reading.show) reading.show(*event);
  }
  return stream.wait();
}

void check_result(const Result& result, const std::string& source) {
  if (result.finish_reason == FinishReason::kError) throw InternalError(source + ": " + result.error);
}

}  // namespace wedlm
