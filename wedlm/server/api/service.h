// Every route: who may call it, what it needs, and who answers. One place for what all of them have in common.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "wedlm/server/api/access.h"
#include "wedlm/server/api/generation.h"
#include "wedlm/server/api/request_scope.h"
#include "wedlm/server/server.h"

namespace wedlm::server {

class Service {
 public:
  Service(const ServerOptions& options, LogSink log);
  ~Service();

  /// Called once, before the first request is handled: whether Host is looked at, and who knows the connections.
  void listen_at(bool is_loopback, std::function<int()> num_connections);
  void serve(std::shared_ptr<const ServedModel> served);
  void drain() { is_draining_ = true; }

  /// On the strand of the exchange.
  void handle(std::shared_ptr<HttpExchange> exchange);
  /// The same for what HTTP itself has to refuse, of which only a part may have been read.
  void refuse(std::shared_ptr<HttpExchange> exchange, int status, const std::string& message);
  /// Requests that were begun and have no line in the log yet.
  int num_running() const { return num_running_; }

 private:
  struct Route;
  using Scope = std::shared_ptr<RequestScope>;
  static std::span<const Route> routes();
  static const Route* route_of(const HttpRequest& request);  // nullptr where there is none

  Scope open_scope(std::shared_ptr<HttpExchange> exchange, const Route* route);
  void answer(const Scope& scope, const Route* route);
  /// Throws ApiError.
  void check(const HttpRequest& request, const Route* route) const;
  /// Throws ApiError while the model is loaded, and while the server drains.
  std::shared_ptr<const ServedModel> served() const;
  std::shared_ptr<const ServedModel> loaded() const;  // nullptr before
  void allow_cors(const Scope& scope) const;
  void end(const RequestRecord& record, std::string_view route);

  void page(const Scope& scope);
  void health(const Scope& scope);
  void ready(const Scope& scope);
  void version(const Scope& scope);
  void models(const Scope& scope);
  void model(const Scope& scope);
  void metrics(const Scope& scope);
  template <const GenerationApi& kApi>
  void generate(const Scope& scope);
  using TextRoute = Json (*)(const Json& body, const CallRules& rules, const ServedModel& served);
  template <TextRoute kRoute>
  void text(const Scope& scope);

  AccessRules access_;
  GenerationRules rules_;
  LogFormat log_format_;
  std::string version_;
  std::atomic<bool> is_draining_{false};
  std::atomic<int> num_running_{0};
  std::function<int()> num_connections_;
  mutable std::mutex served_mutex_;
  std::shared_ptr<const ServedModel> served_;  // guarded by it
  std::mutex log_mutex_;
  LogSink log_;  // guarded by it
  ServerMetrics metrics_;
};

}  // namespace wedlm::server
