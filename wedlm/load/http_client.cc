#include "wedlm/load/http_client.h"

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <list>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "wedlm/base/error.h"
#include "wedlm/base/number_text.h"
#include "wedlm/load/connection.h"

namespace wedlm::load {
namespace {

namespace asio = boost::asio;
namespace ssl = asio::ssl;
using boost::system::error_code;
using Endpoint = asio::generic::stream_protocol::endpoint;

constexpr std::size_t kReadBytes = std::size_t{16} << 10;

std::chrono::nanoseconds duration_of(double seconds) {
  return std::chrono::nanoseconds(static_cast<std::int64_t>(1e9 * std::max(0.0, seconds)));
}

}  // namespace

class HttpClient::Impl {
 public:
  explicit Impl(const HttpOptions& options) : options_(options) {
    const auto is_control = [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; };
    if (std::any_of(options.api_key.begin(), options.api_key.end(), is_control)) {
      throw InvalidInput("expected a key in one line, got one with a line break or another control character");
    }
    if (options.address.transport == Transport::kTls) load_tls();
    find_endpoints();
  }

  void send(const HttpRequest& request, HttpHandlers handlers);

  void after(double seconds, std::function<void()> callback) {
    const auto timer = timers_.emplace(timers_.end(), loop_, duration_of(seconds));
    timer->async_wait([this, timer, run = num_stops_, callback = std::move(callback)](error_code error) {
      if (error || run != num_stops_) return;
      timers_.erase(timer);
      callback();
    });
  }

  void close_all();

  void run() {
    loop_.restart();
    loop_.run();
  }

  void stop() {
    ++num_stops_;
    timers_.clear();
    loop_.stop();
  }

 private:
  class Exchange;

  void load_tls() {
    tls_.emplace(ssl::context::tls_client);
    if (options_.certificate_check == CertificateCheck::kNone) return;
    tls_->set_default_verify_paths();
    tls_->set_verify_mode(ssl::verify_peer);
  }

  void find_endpoints() {
    const ServerAddress& address = options_.address;
    if (address.transport == Transport::kUnixSocket) {
      try {
        endpoints_ = {asio::local::stream_protocol::endpoint(address.socket_path)};
      } catch (const boost::system::system_error& error) {
        throw InvalidInput("no socket can be called " + address.socket_path + ": " + error.code().message());
      }
      return;
    }
    asio::ip::tcp::resolver resolver(loop_);
    error_code error;
    for (const auto& found : resolver.resolve(address.host, std::to_string(address.port), error)) {
      endpoints_.emplace_back(found.endpoint());
    }
    if (endpoints_.empty()) throw ResourceError("cannot find the host " + address.host + ": " + error.message());
  }

  std::string request_bytes(const HttpRequest& request) const {
    std::string bytes = request.method + " " + options_.address.base_path + request.path + " HTTP/1.1\r\n";
    bytes += "Host: " + options_.address.host_field() + "\r\nUser-Agent: wedlm-load\r\nAccept: */*\r\n";
    if (!options_.api_key.empty()) bytes += "Authorization: Bearer " + options_.api_key + "\r\n";
    if (!request.body.empty()) {
      bytes += "Content-Type: application/json\r\nContent-Length: " + std::to_string(request.body.size()) + "\r\n";
    }
    return bytes + "\r\n" + request.body;
  }

  HttpOptions options_;
  asio::io_context loop_{1};
  std::list<asio::steady_timer> timers_;  // of after()
  int num_stops_ = 0;                     // a timer that has run out calls back only where this is as it was
  std::optional<ssl::context> tls_;
  std::vector<Endpoint> endpoints_;
  std::size_t last_good_ = 0;  // of these
  std::vector<std::shared_ptr<Connection>> idle_;
  std::set<std::shared_ptr<Exchange>> exchanges_;
};

/// One request and its response. There is always one operation of the connection under way, whose handler ends the
/// exchange or begins the next operation; to stop is to close the socket beneath it.
class HttpClient::Impl::Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(Impl& client, std::string request, HttpHandlers handlers)
      : client_(client), request_(std::move(request)), handlers_(std::move(handlers)), timer_(client.loop_) {}

  void begin() {
    timer_.expires_after(duration_of(client_.options_.timeout_seconds));
    timer_.async_wait([self = shared_from_this()](error_code error) {
      const std::string time = shortest(self->client_.options_.timeout_seconds);
      if (!error) self->stop(HttpEnding::kTimeout, "no end within " + time + " s");
    });
    if (client_.idle_.empty()) return connect();
    connection_ = std::move(client_.idle_.back());
    client_.idle_.pop_back();
    is_reused_ = true;
    write();
  }

  void stop(HttpEnding ending, std::string message) {
    if (stopped_ || is_over_) return;
    stopped_ = {ending, std::move(message)};
    connection_->close();
  }

 private:
  void connect() {
    is_reused_ = false;
    try_endpoint(client_.last_good_, client_.endpoints_.size(), {});
  }

  /// This one, and after it up to `num_left` - 1 others.
  void try_endpoint(std::size_t index, std::size_t num_left, const std::string& failure) {
    if (stopped_ || num_left == 0) return end(HttpEnding::kNotConnected, failure);
    ssl::context* tls = client_.tls_ ? &*client_.tls_ : nullptr;
    connection_ = std::make_shared<Connection>(client_.loop_, tls, client_.options_.address.host);
    connection_->connect(client_.endpoints_[index], [self = shared_from_this(), index, num_left](error_code error) {
      if (!error) {
        self->client_.last_good_ = index;
        return self->write();
      }
      const std::string text = self->failure_text(error);
      self->connection_->close();
      self->try_endpoint((index + 1) % self->client_.endpoints_.size(), num_left - 1, text);
    });
  }

  std::string failure_text(error_code error) const {
    const std::string address = client_.options_.address.text() + ": ";
    const std::string certificate = connection_->certificate_error();
    if (!certificate.empty()) {
      return address + "its certificate is not trusted (" + certificate + "); --insecure leaves the check out";
    }
    const bool is_absent =
        error == asio::error::connection_refused || error == boost::system::errc::no_such_file_or_directory;
    return address + error.message() + (is_absent ? "; is a server running? `wedlm serve` starts one" : "");
  }

  void write() {
    connection_->write(request_, [self = shared_from_this()](error_code) {
      self->read();  // also where not all could be written: the server may have answered early, and else says it here
    });
  }

  void read() {
    connection_->read_some(asio::buffer(buffer_), [self = shared_from_this()](error_code error, std::size_t num_bytes) {
      self->take(error, num_bytes);
    });
  }

  void take(error_code error, std::size_t num_bytes) {
    if (stopped_) return end(HttpEnding::kStopped, {});
    has_received_ = has_received_ || num_bytes > 0;
    // A server may close a connection that nobody uses, at the moment when somebody begins to.
    if (error && is_reused_ && !has_received_) return connect();
    try {
      response_.feed({buffer_.data(), num_bytes});
      if (!is_wanted_) return end(HttpEnding::kStopped, "no more was wanted");
      if (response_.is_complete()) return end(HttpEnding::kComplete, {});
      if (!error) return read();
      const bool is_end = error == asio::error::eof || error == ssl::error::stream_truncated;
      if (!is_end) return end(HttpEnding::kBroken, error.message());
      response_.end_of_input();
    } catch (const InvalidInput& failure) {
      return end(HttpEnding::kBroken, has_received_ ? failure.what() : "the connection ended before a response");
    }
    end(HttpEnding::kComplete, {});
  }

  void end(HttpEnding ending, std::string message) {
    if (stopped_) std::tie(ending, message) = *stopped_;
    is_over_ = true;  // the timer's handler may be on its way
    timer_.cancel();
    if (ending == HttpEnding::kComplete && response_.may_continue()) {
      client_.idle_.push_back(connection_);
    } else {
      connection_->close();
    }
    client_.exchanges_.erase(shared_from_this());
    handlers_.end(ending, response_.head(), message);
  }

  Impl& client_;
  std::string request_;
  HttpHandlers handlers_;
  asio::steady_timer timer_;
  std::shared_ptr<Connection> connection_;
  ResponseReader response_{[this](const ResponseHead& head, std::string_view piece) {
    if (is_wanted_) is_wanted_ = handlers_.body(head, piece);
  }};
  std::array<char, kReadBytes> buffer_;
  bool is_reused_ = false;
  bool has_received_ = false;
  bool is_wanted_ = true;
  bool is_over_ = false;
  std::optional<std::pair<HttpEnding, std::string>> stopped_;
};

void HttpClient::Impl::send(const HttpRequest& request, HttpHandlers handlers) {
  const auto exchange = std::make_shared<Exchange>(*this, request_bytes(request), std::move(handlers));
  exchanges_.insert(exchange);
  exchange->begin();
}

void HttpClient::Impl::close_all() {
  for (const auto& exchange : exchanges_) exchange->stop(HttpEnding::kStopped, "stopped");
}

HttpClient::HttpClient(const HttpOptions& options) : impl_(std::make_unique<Impl>(options)) {}
HttpClient::~HttpClient() = default;
void HttpClient::send(const HttpRequest& request, HttpHandlers handlers) {
  impl_->send(request, std::move(handlers));
}
void HttpClient::after(double seconds, std::function<void()> callback) {
  impl_->after(seconds, std::move(callback));
}
void HttpClient::close_all() {
  impl_->close_all();
}
void HttpClient::run() {
  impl_->run();
}
void HttpClient::stop() {
  impl_->stop();
}

}  // namespace wedlm::load
