// The answers to one call on their way to its client, streamed or whole. It runs on the connection's strand and holds
// no thread: the engine posts to it when there is something to take, and it writes what has come when the client has
// taken the last of it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "wedlm/server/api/growing_answer.h"
#include "wedlm/server/api/request_scope.h"
#include "wedlm/server/api/served_model.h"
#include "wedlm/server/metrics/server_metrics.h"

namespace wedlm::server {

/// One of the APIs that generate.
struct GenerationApi {
  Call (*read)(const Json& body, const CallRules& rules);
  std::unique_ptr<AnswerWriter> (*make_writer)(AnswerContext context);
};

struct GenerationRules {
  CallRules call{};
  bool splits_thinking = true;
  bool logs_prompts = false;
  std::optional<std::chrono::milliseconds> time_limit{};
};

/// Reads the body, submits, and lets go: what follows happens by itself. `rules` and `metrics` outlive the answers.
void start_generation(const std::shared_ptr<RequestScope>& scope, const GenerationApi& api,
                      const GenerationRules& rules, std::shared_ptr<const ServedModel> served, ServerMetrics& metrics);

}  // namespace wedlm::server
