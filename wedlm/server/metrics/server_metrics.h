// What Prometheus is told: counters and histograms of requests as they go on, and the engine's totals and state at the
// moment it asks. Names are vLLM's where the meaning is the same (vllm:...), so that boards made for it work, and ours
// else (wedlm:...); docs/server.md explains each.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "wedlm/engine/engine.h"
#include "wedlm/engine/request.h"

namespace wedlm::server {

class ServerMetrics {
 public:
  ServerMetrics();
  ~ServerMetrics();
  ServerMetrics(const ServerMetrics&) = delete;
  ServerMetrics& operator=(const ServerMetrics&) = delete;

  // Each may be called from any thread.

  /// An answer was asked for.
  void answer_began(std::int32_t num_answers, std::int32_t max_tokens);
  /// The first of an answer, so many seconds after the call.
  void first_tokens_came(double seconds);
  /// An event of an answer with so many tokens, `seconds` after the one before.
  void more_tokens_came(std::int64_t num_tokens, double seconds);
  void answer_finished(const Result& result);
  /// A call ended before its answers did: its client left, its time was over, or the server failed.
  void call_aborted();
  /// A request of HTTP ended. `route` is one of ours, never a path as it was sent.
  void request_ended(std::string_view route, int status, double seconds);
  void members_ignored(std::size_t count);

  struct State {
    std::string model_name{};
    EngineStats engine{};
    EngineOptions options{};
    int num_connections = 0;
    bool is_ready = true;  // false while the server drains
  };
  /// The text format, version 0.0.4. `state` is nullopt while the model is loaded.
  std::string text(const std::optional<State>& state);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wedlm::server
