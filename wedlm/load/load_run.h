// A run of load: requests sent by a plan, what became of each of them. One thread, however many are under way.
#pragma once

#include <cstdint>
#include <optional>

#include "wedlm/base/watcher.h"
#include "wedlm/load/arrivals.h"
#include "wedlm/load/http_client.h"
#include "wedlm/load/load_prompts.h"
#include "wedlm/load/outcome.h"
#include "wedlm/load/request_body.h"

namespace wedlm::load {

struct LoadPlan {
  Endpoint endpoint = Endpoint::kChat;
  LoadPrompts prompts{MadePrompts{}};
  RequestSettings request{};

  // Closed loop, without a rate: so many clients ask one after the other. Open loop: requests arrive at the rate
  // (a second) whether or not others are answered; what would be more than `max_running` at once waits.
  std::int32_t max_running = 8;
  std::optional<double> rate{};
  ArrivalProcess arrivals = ArrivalProcess::kPoisson;
  std::uint64_t arrival_seed = 0;

  // No request is sent after so many, or later than so many seconds after the first; those under way are waited for.
  // At least one of the two.
  std::optional<std::int64_t> num_requests{};
  std::optional<double> seconds{};
  std::int64_t num_warmup_requests = 0;  // before all that, at most max_running at once; they do not count
};

/// The first model that the server lists. Throws ResourceError where the server cannot be reached or lists none,
/// InvalidInput where it does not accept the key.
std::string first_model(HttpClient& client);

/// A client whose request failed waits a tenth of a second before it asks again, so that a server that is down or full
/// is not asked without pause. Once the watcher is interrupted what is under way is cancelled. Throws ResourceError
/// where the first connections all fail.
LoadResult run_load(const LoadPlan& plan, HttpClient& client, const Watcher& watcher);

}  // namespace wedlm::load
