// Accepts connections and reads requests: HTTP/1.1 over TCP, TLS or a Unix socket, a few threads for all of them. What
// is no sound request is answered here; everything else is the handler's business.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "wedlm/server/http/http_exchange.h"

namespace wedlm::server {

struct TlsFiles {
  std::string certificate;  // a chain in PEM
  std::string key;          // in PEM
};

struct HttpOptions {
  std::string host = "127.0.0.1";  // a name, an address, or unix:PATH
  int port = 8080;                 // 0: any that is free
  std::optional<TlsFiles> tls{};
  int num_threads = 2;
  int max_connections = 4096;
  std::size_t max_body_bytes = std::size_t{8} << 20U;
  std::size_t max_header_bytes = std::size_t{16} << 10U;
  std::size_t max_headers = 100;
  std::chrono::seconds idle_time{75};    // a connection without a request is closed then
  std::chrono::seconds header_time{15};  // from the first byte of a request to the end of its headers
  std::chrono::seconds body_time{60};    // for the body
  std::chrono::seconds write_time{30};   // for each piece of an answer: a client that does not read it is left
};

/// Name and version of the library that TLS is spoken by, as "OpenSSL 3.0.17 1 Jul 2025".
std::string tls_library();

class HttpServer {
 public:
  /// Answers what is no request that could be handed on: a status and a message. Of the exchange's request there is
  /// what was read of it, maybe nothing.
  using Refusal = std::function<void(std::shared_ptr<HttpExchange> exchange, int status, const std::string& message)>;

  /// Listens at once, and serves after start(). Throws InvalidInput for an address or files that cannot be,
  /// ResourceError where the system refuses: a port that is taken.
  HttpServer(const HttpOptions& options, HttpHandler handler, Refusal refusal);
  /// Closes what is open, and joins the threads.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  void start();

  /// "http://127.0.0.1:8080", "https://[::1]:8443", "unix:/run/wedlm.sock".
  const std::string& address() const;
  /// Only programs of this machine reach it: a loopback address. A Unix socket is not, since no browser gets there.
  bool is_loopback() const;
  int num_connections() const;
  /// Those with a request whose answer is not written out yet.
  int num_answering() const;
  /// Closes connections without a request now, and the others after their answer.
  void close_idle();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wedlm::server
