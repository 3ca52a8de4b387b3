// A request from its first byte to its line in the log: its id, its record, and the headers that every answer has.
// Whoever answers it holds it, and ends it once.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "wedlm/server/http/http_exchange.h"
#include "wedlm/server/log/request_log.h"
#include "wedlm/server/wire/api_failure.h"

namespace wedlm::server {

class RequestScope {
 public:
  using Errors = Json (*)(const ApiFailure&);  // openai_error() or anthropic_error()
  using OnEnd = std::function<void(const RequestRecord& record)>;

  RequestScope(std::shared_ptr<HttpExchange> exchange, HttpHeaders headers, Errors errors, OnEnd on_end);
  /// Counts as left by its client where it was not ended.
  ~RequestScope();
  RequestScope(const RequestScope&) = delete;
  RequestScope& operator=(const RequestScope&) = delete;

  HttpExchange& exchange() const { return *exchange_; }
  std::shared_ptr<HttpExchange> shared_exchange() const { return exchange_; }
  const HttpRequest& request() const { return exchange_->request(); }
  RequestRecord& record() { return record_; }

  void respond(HttpResponse response);
  void respond(const Json& json, int status = 200);
  void fail(const ApiFailure& failure);
  /// A fault of ours is told to the log alone.
  void fail(const std::exception& error);

  /// The head of a stream of events, whose first text may follow at once.
  void begin_stream();
  /// The stream is at its end: `failure` says where it broke off.
  void end_stream(const ApiFailure* failure = nullptr);
  /// The client has left.
  void leave();

 private:
  void end(int status);

  std::shared_ptr<HttpExchange> exchange_;
  HttpHeaders headers_;
  Errors errors_;
  OnEnd on_end_;
  RequestRecord record_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  bool has_ended_ = false;
};

}  // namespace wedlm::server
