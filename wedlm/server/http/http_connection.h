// One connection of a client: reads requests one after the other, hands each to the handler, writes the answer. There
// is always a read under way, also while an answer is made, so that a client that leaves is noticed. For the server's
// own .cc files: it includes Boost.Asio.
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <mutex>
#include <set>

#include "wedlm/server/http/http_server.h"

namespace wedlm::server {

using HttpSocket = boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol>;

class HttpConnection;

/// What all connections of a server share.
struct HttpShared {
  HttpOptions options;
  HttpHandler handler;
  HttpServer::Refusal refusal;
  std::atomic<bool> is_closing{false};
  std::atomic<int> num_answering{0};  // connections with a request whose answer is not written out

  std::mutex mutex;  // guards what follows
  std::set<HttpConnection*> connections{};
};

class HttpConnection : public HttpExchange, public std::enable_shared_from_this<HttpConnection> {
 public:
  explicit HttpConnection(HttpShared& shared);
  ~HttpConnection() override;

  /// Is one of the server's from now on: others may ask for it.
  std::shared_ptr<HttpConnection> enter();

  /// Reads the first request.
  virtual void start() = 0;
  /// Says that there are too many connections already, and closes.
  virtual void turn_away() = 0;
  /// From any thread: closes now where no request is being answered.
  virtual void close_if_idle() = 0;
  /// From any thread.
  virtual void close_now() = 0;

 protected:
  HttpShared& shared_;
};

/// `socket` has a strand of its own as its executor. `client` names the other end.
std::shared_ptr<HttpConnection> make_connection(HttpSocket socket, std::string client, HttpShared& shared);
std::shared_ptr<HttpConnection> make_tls_connection(HttpSocket socket, std::string client,
                                                    boost::asio::ssl::context& tls, HttpShared& shared);

}  // namespace wedlm::server
