// HTTP requests to one server, any number at once on one thread, over connections that are used again. Nothing here
// knows what is asked. Everything is called, and calls back, on the thread of run().
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "wedlm/load/response_reader.h"
#include "wedlm/load/server_address.h"

namespace wedlm::load {

enum class CertificateCheck {
  kSystem,  // against the certificates that this machine trusts, and the host's name
  kNone,
};

struct HttpOptions {
  ServerAddress address{};
  std::string api_key{};         // sent as a bearer token; empty: none
  double timeout_seconds = 600;  // of a request, connecting included
  CertificateCheck certificate_check = CertificateCheck::kSystem;
};

struct HttpRequest {
  std::string method = "POST";
  std::string path{};  // after the address's base path: "/models"
  std::string body{};  // JSON, or empty
};

enum class HttpEnding {
  kComplete,
  kNotConnected,  // refused, unreachable, a certificate that is not trusted
  kBroken,        // the connection ended early, or what came is not HTTP
  kTimeout,
  kStopped,  // by close_all(), or by a handler that wanted no more
};

struct HttpHandlers {
  /// A piece of the body; false: no more is wanted.
  std::function<bool(const ResponseHead& head, std::string_view piece)> body;
  /// The last call, once for each request.
  std::function<void(HttpEnding ending, const ResponseHead& head, const std::string& message)> end;
};

class HttpClient {
 public:
  /// Looks the host up. Throws ResourceError where it is not found, InvalidInput for a path that no socket can have
  /// and for a key that no header can have.
  explicit HttpClient(const HttpOptions& options);
  ~HttpClient();

  void send(const HttpRequest& request, HttpHandlers handlers);
  /// Calls back once, so many seconds from now.
  void after(double seconds, std::function<void()> callback);
  /// Ends all requests that are under way; their handlers are told by run().
  void close_all();

  /// Works until stop() is called or nothing is left to do.
  void run();
  /// What after() was to call is forgotten.
  void stop();

 private:
  class Impl;

  std::unique_ptr<Impl> impl_;
};

}  // namespace wedlm::load
