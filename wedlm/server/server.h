// `wedlm serve` without the command line: listens, answers OpenAI's and Anthropic's requests with one model, says how
// it is doing, and comes to an end without losing an answer.
//
//   Server server(options, log);      listens at once; /ready says 503 while
//   ... the model is loaded ...
//   server.serve(model, engine);      from here it answers
//   server.drain(); server.wait_until_idle(30 s);
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "wedlm/engine/engine.h"
#include "wedlm/engine/loaded_model.h"
#include "wedlm/server/http/http_server.h"
#include "wedlm/server/log/request_log.h"
#include "wedlm/server/wire/call.h"

namespace wedlm::server {

struct ServerOptions {
  HttpOptions http{};
  std::vector<std::string> api_keys{};       // none: everybody may come in
  std::vector<std::string> cors_origins{};   // whose pages may read answers; "*": any
  std::vector<std::string> allowed_hosts{};  // in a request's Host, besides loopback addresses
  CallRules call{};
  bool splits_thinking = true;  // <think> ... </think> is told apart from the answer
  bool logs_prompts = false;
  LogFormat log_format = LogFormat::kText;
  std::optional<std::chrono::milliseconds> request_timeout{};  // for an answer
  std::string version{};                                       // of the program
};

class Server {
 public:
  /// Throws as HttpServer.
  Server(const ServerOptions& options, LogSink log);
  /// Ends what is under way.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  const std::string& address() const;

  /// From now on requests are answered, under this name of the model. Both outlive the server.
  void serve(LoadedModel& model, Engine& engine, const std::string& name);

  /// No new requests any more; those that run go on.
  void drain();
  /// True once none runs and all answers are written; false where that takes longer.
  bool wait_until_idle(std::chrono::milliseconds time) const;
  int num_running() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wedlm::server
