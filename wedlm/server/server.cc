#include "wedlm/server/server.h"

#include <algorithm>
#include <thread>

#include "wedlm/server/api/service.h"

namespace wedlm::server {
namespace {

constexpr std::chrono::milliseconds kPoll{5};

std::int64_t seconds_since_1970() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

class Server::Impl {
 public:
  Impl(const ServerOptions& options, LogSink log)
      : service(options, std::move(log)),
        http(
            options.http, [this](std::shared_ptr<HttpExchange> exchange) { service.handle(std::move(exchange)); },
            [this](std::shared_ptr<HttpExchange> exchange, int status, const std::string& message) {
              service.refuse(std::move(exchange), status, message);
            }) {
    service.listen_at(http.is_loopback(), [this] { return http.num_connections(); });
    http.start();
  }

  Service service;
  HttpServer http;  // ends first: its connections use the service
};

Server::Server(const ServerOptions& options, LogSink log) : impl_(std::make_unique<Impl>(options, std::move(log))) {}
Server::~Server() = default;

const std::string& Server::address() const {
  return impl_->http.address();
}

void Server::serve(LoadedModel& model, Engine& engine, const std::string& name) {
  impl_->service.serve(std::make_shared<ServedModel>(ServedModel{.model = model,
                                                                 .engine = engine,
                                                                 .encoder = PromptEncoder(model),
                                                                 .name = name,
                                                                 .created = seconds_since_1970()}));
}

void Server::drain() {
  impl_->service.drain();
  impl_->http.close_idle();
}

int Server::num_running() const {
  // An answer that is in the log may still be on its way to a client that reads slowly.
  return std::max(impl_->service.num_running(), impl_->http.num_answering());
}

bool Server::wait_until_idle(std::chrono::milliseconds time) const {
  const auto deadline = std::chrono::steady_clock::now() + time;
  while (num_running() > 0) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(kPoll);
  }
  return true;
}

}  // namespace wedlm::server
