#include "wedlm/eval/watched_streams.h"

#include "wedlm/frontend/read_result.h"

namespace wedlm {

std::vector<Result> wait_for_results(const std::vector<std::shared_ptr<ResponseStream>>& streams,
                                     const Watcher& watcher, const std::string& what) {
  const auto cancel_all = [&streams] {
    for (const auto& stream : streams) stream->cancel();
  };
  std::vector<Result> results;
  results.reserve(streams.size());
  for (const auto& stream : streams) {
    results.push_back(
        read_result(*stream, {.is_interrupted = watcher.is_interrupted, .cancel = cancel_all, .show = {}}));
    check_result(results.back(), what);
  }
  return results;
}

}  // namespace wedlm
