#include "wedlm/eval/watched_streams.h"

#include <chrono>

#include "wedlm/base/error.h"

namespace wedlm {

std::vector<Result> wait_for_results(const std::vector<std::shared_ptr<ResponseStream>>& streams,
                                     const Watcher& watcher, const std::string& what) {
  constexpr std::chrono::milliseconds kLookForInterrupt(50);
  std::vector<Result> results;
  results.reserve(streams.size());
  for (const auto& stream : streams) {
    while (!stream->is_finished()) {
      if (watcher.is_interrupted()) {
        for (const auto& other : streams) other->cancel();
      }
      stream->next_for(kLookForInterrupt);
    }
    results.push_back(stream->wait());
    if (results.back().finish_reason == FinishReason::kError) throw InternalError(what + ": " + results.back().error);
  }
  return results;
}

}  // namespace wedlm
