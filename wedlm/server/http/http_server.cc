#include "wedlm/server/http/http_server.h"

#include <openssl/crypto.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <cerrno>
#include <filesystem>
#include <list>
#include <thread>
#include <vector>

#include "wedlm/base/error.h"
#include "wedlm/base/quote.h"
#include "wedlm/base/thread.h"
#include "wedlm/server/http/http_connection.h"

namespace wedlm::server {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using asio::local::stream_protocol;
using boost::system::error_code;

constexpr std::string_view kUnixPrefix = "unix:";
constexpr std::chrono::milliseconds kAcceptPause{100};

[[noreturn]] void cannot_listen(const std::string& where, const error_code& error) {
  std::string hint;
  if (error == asio::error::address_in_use) hint = "; another program listens there, --port 0 takes any free port";
  if (error == asio::error::access_denied) hint = "; ports below 1024 need rights, --port takes another";
  throw ResourceError("cannot listen on " + where + ": " + error.message() + hint);
}

template <class Acceptor, class Endpoint>
error_code listen(Acceptor& acceptor, const Endpoint& endpoint) {
  error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if constexpr (std::is_same_v<Endpoint, tcp::endpoint>) {
    if (!error && endpoint.protocol() == tcp::v6()) acceptor.set_option(asio::ip::v6_only(true), error);
  }
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  return error;
}

std::string name_of_client(const tcp::socket& socket) {
  error_code error;
  const tcp::endpoint endpoint = socket.remote_endpoint(error);
  return error ? "unknown" : endpoint.address().to_string() + ":" + std::to_string(endpoint.port());
}

std::string name_of_client(const stream_protocol::socket&) {
  return "unix";
}

}  // namespace

class HttpServer::Impl {
 public:
  Impl(const HttpOptions& options, HttpHandler handler, Refusal refusal)
      : shared_{.options = options, .handler = std::move(handler), .refusal = std::move(refusal)} {
    if (options.tls) load_tls(*options.tls);
    if (options.host.starts_with(kUnixPrefix)) {
      listen_on_path(options.host.substr(kUnixPrefix.size()));
    } else {
      listen_on_host();
    }
  }

  void start() {
    for (auto& acceptor : tcp_acceptors_) accept(acceptor);
    for (auto& acceptor : path_acceptors_) accept(acceptor);
    for (int i = 0; i < shared_.options.num_threads; ++i) {
      threads_.push_back(start_thread("the server", [this] { run(); }));
    }
  }

  ~Impl() {
    stop();
    if (!socket_path_.empty()) {
      std::error_code ignored;
      std::filesystem::remove(socket_path_, ignored);
    }
  }

  void close_idle() {
    shared_.is_closing = true;
    for_each([](HttpConnection& connection) { connection.close_if_idle(); });
  }

  int num_connections() {
    const std::lock_guard lock(shared_.mutex);
    return static_cast<int>(shared_.connections.size());
  }

  int num_answering() const { return shared_.num_answering; }
  const std::string& address() const { return address_; }
  bool is_loopback() const { return is_loopback_; }

 private:
  void load_tls(const TlsFiles& files) {
    tls_.emplace(asio::ssl::context::tls_server);
    tls_->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                      asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
    error_code error;
    tls_->use_certificate_chain_file(files.certificate, error);
    if (error) throw InvalidInput("--tls-cert " + quote(files.certificate) + ": " + error.message());
    tls_->use_private_key_file(files.key, asio::ssl::context::pem, error);
    if (error) throw InvalidInput("--tls-key " + quote(files.key) + ": " + error.message());
  }

  void listen_on_path(const std::string& path) {
    if (path.empty()) throw InvalidInput("--host: expected a path after unix:, got none");
    remove_dead_socket(path);
    try {
      const stream_protocol::endpoint endpoint(path);
      if (const error_code error = listen(path_acceptors_.emplace_back(asio::make_strand(io_)), endpoint))
        cannot_listen(path, error);
    } catch (const boost::system::system_error& error) {
      throw InvalidInput("--host " + quote(shared_.options.host) + ": " + error.what());
    }
    socket_path_ = path;
    address_ = shared_.options.host;
  }

  /// A socket that a killed server left behind: nobody answers there.
  void remove_dead_socket(const std::string& path) {
    std::error_code error;
    if (!std::filesystem::is_socket(path, error)) return;
    stream_protocol::socket probe(io_);
    error_code failed;
    probe.connect(stream_protocol::endpoint(path), failed);
    if (failed == asio::error::connection_refused) std::filesystem::remove(path, error);
  }

  void listen_on_host() {
    const std::string& host = shared_.options.host;
    tcp::resolver resolver(io_);
    error_code error;
    const auto found = resolver.resolve(host, std::to_string(shared_.options.port), tcp::resolver::passive, error);
    if (error) throw InvalidInput("--host " + quote(host) + ": " + error.message());
    error_code first_error;
    int port = shared_.options.port;
    is_loopback_ = true;
    for (const auto& entry : found) {
      tcp::endpoint endpoint = entry.endpoint();
      endpoint.port(static_cast<std::uint16_t>(port));
      const error_code failed = listen(tcp_acceptors_.emplace_back(asio::make_strand(io_)), endpoint);
      if (failed) {
        if (!first_error) first_error = failed;
        tcp_acceptors_.pop_back();
        continue;
      }
      endpoint = tcp_acceptors_.back().local_endpoint();
      port = endpoint.port();
      is_loopback_ = is_loopback_ && endpoint.address().is_loopback();
      if (address_.empty()) {
        std::string text = endpoint.address().to_string();
        if (endpoint.address().is_v6()) text.insert(0, "[").append("]");
        address_ = (tls_ ? "https://" : "http://") + text + ":" + std::to_string(port);
      }
    }
    if (tcp_acceptors_.empty()) cannot_listen(host + ":" + std::to_string(port), first_error);
  }

  template <class Acceptor>
  void accept(Acceptor& acceptor) {
    using Socket = typename Acceptor::protocol_type::socket;
    auto socket = std::make_shared<Socket>(asio::make_strand(io_));
    acceptor.async_accept(*socket, [this, &acceptor, socket](error_code error) {
      if (error == asio::error::operation_aborted) return;
      if (error) return accept_later(acceptor);  // no file descriptor is left, say
      admit(std::move(*socket));
      accept(acceptor);
    });
  }

  /// On its strand: another thread may be accepting.
  template <class Acceptor>
  void close(Acceptor& acceptor) {
    asio::post(acceptor.get_executor(), [&acceptor] {
      error_code ignored;
      acceptor.close(ignored);
    });
  }

  template <class Acceptor>
  void accept_later(Acceptor& acceptor) {
    auto timer = std::make_shared<asio::steady_timer>(acceptor.get_executor(), kAcceptPause);
    timer->async_wait([this, &acceptor, timer](error_code error) {
      if (!error) accept(acceptor);
    });
  }

  template <class Socket>
  void admit(Socket socket) {
    std::string client = name_of_client(socket);
    error_code ignored;
    if constexpr (std::is_same_v<Socket, tcp::socket>) socket.set_option(tcp::no_delay(true), ignored);
    HttpSocket generic(std::move(socket));
    const bool is_full = num_connections() >= shared_.options.max_connections;
    const auto connection = tls_ ? make_tls_connection(std::move(generic), std::move(client), *tls_, shared_)
                                 : make_connection(std::move(generic), std::move(client), shared_);
    if (is_full && !tls_) {
      connection->turn_away();
    } else if (!is_full) {
      connection->start();
    }
  }

  void run() {
    for (;;) {
      try {
        io_.run();
        return;
      } catch (const std::exception&) {
        // A connection that had no memory left was closed by its destructor; the others go on.
      }
    }
  }

  template <class Visit>
  void for_each(const Visit& visit) {
    std::vector<std::shared_ptr<HttpConnection>> connections;
    {
      const std::lock_guard lock(shared_.mutex);
      for (HttpConnection* connection : shared_.connections) {
        if (auto alive = connection->weak_from_this().lock()) connections.push_back(std::move(alive));
      }
    }
    for (const auto& connection : connections) visit(*connection);
  }

  /// Closes all connections, each on its strand, so that whoever waits for an answer is told; then nothing is left to
  /// do and the threads end.
  void stop() {
    shared_.is_closing = true;
    for (auto& acceptor : tcp_acceptors_) close(acceptor);
    for (auto& acceptor : path_acceptors_) close(acceptor);
    work_.reset();
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    while (num_connections() > 0 && std::chrono::steady_clock::now() < deadline) {
      for_each([](HttpConnection& connection) { connection.close_now(); });
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    io_.stop();
    for (std::thread& thread : threads_) thread.join();
  }

  HttpShared shared_;
  std::optional<asio::ssl::context> tls_;
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  std::list<tcp::acceptor> tcp_acceptors_;
  std::list<stream_protocol::acceptor> path_acceptors_;
  std::string socket_path_;
  std::string address_;
  bool is_loopback_ = false;
  std::vector<std::thread> threads_;
};

std::string tls_library() {
  return OpenSSL_version(OPENSSL_VERSION);
}

HttpServer::HttpServer(const HttpOptions& options, HttpHandler handler, Refusal refusal)
    : impl_(std::make_unique<Impl>(options, std::move(handler), std::move(refusal))) {}
HttpServer::~HttpServer() = default;

void HttpServer::start() {
  impl_->start();
}

const std::string& HttpServer::address() const {
  return impl_->address();
}
bool HttpServer::is_loopback() const {
  return impl_->is_loopback();
}
int HttpServer::num_connections() const {
  return impl_->num_connections();
}
int HttpServer::num_answering() const {
  return impl_->num_answering();
}
void HttpServer::close_idle() {
  impl_->close_idle();
}

}  // namespace wedlm::server
