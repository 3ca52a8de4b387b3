#include "wedlm/server/http/http_connection.h"

#include <algorithm>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>

namespace wedlm::server {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr std::chrono::seconds kIdleTextTime{15};
constexpr std::chrono::seconds kLingerTime{2};
constexpr std::size_t kReadBytes = 4096;  // that are asked for while nothing is expected

template <class Stream>
constexpr bool kIsTls = !std::is_same_v<Stream, HttpSocket>;

std::string chunk_text(const std::string& text) {
  char digits[20];
  const int length = std::snprintf(digits, sizeof digits, "%zx\r\n", text.size());
  return std::string(digits, static_cast<std::size_t>(length)) + text + "\r\n";
}

template <class Stream>
class Connection final : public HttpConnection {
 public:
  template <class... TlsContext>
  Connection(HttpSocket socket, std::string client, HttpShared& shared, TlsContext&... tls)
      : HttpConnection(shared), stream_(std::move(socket), tls...), client_(std::move(client)) {}

  void start() override {
    if constexpr (kIsTls<Stream>) {
      arm(read_deadline_, shared_.options.header_time);
      stream_.async_handshake(asio::ssl::stream_base::server, [self = self()](error_code error) {
        if (error) return self->close();
        self->await_request();
      });
    } else {
      asio::dispatch(stream_.get_executor(), [self = self()] { self->await_request(); });
    }
  }

  void turn_away() override {
    asio::post(stream_.get_executor(), [self = self()] {
      self->refuse(503, "there are too many connections already (--max-connections); try again later");
    });
  }

  void close_if_idle() override {
    asio::post(stream_.get_executor(), [self = self()] {
      if (self->state_ == State::kIdle) self->close();
    });
  }

  void close_now() override {
    asio::post(stream_.get_executor(), [self = self()] { self->gone(); });
  }

  void respond(HttpResponse response) override {
    const bool has_body = response.status >= 200 && response.status != 204 && response.status != 304;
    const std::string framing = has_body ? "Content-Length: " + std::to_string(response.body.size()) : std::string();
    std::string text = head_text(response, framing, keeps_alive());
    if (has_body && request_.method != "HEAD") text += response.body;
    ends_after_ = true;
    send(std::move(text), false);
  }

  void begin_stream(HttpResponse head, std::string idle_text) override {
    is_chunked_ = version_ >= 11;
    keeps_alive_ = keeps_alive_ && is_chunked_;
    idle_text_ = std::move(idle_text);
    send(head_text(head, is_chunked_ ? "Transfer-Encoding: chunked" : "", keeps_alive()), true);
    wait_for_idle();
  }

  void write(std::string text) override { send(is_chunked_ ? chunk_text(text) : std::move(text), true); }

  void end_stream() override {
    ends_after_ = true;
    send(is_chunked_ ? "0\r\n\r\n" : "", false);
  }

  void post(std::function<void()> task) override {
    asio::post(stream_.get_executor(), [self = self(), task = std::move(task)] { task(); });
  }

  void post_after(std::chrono::milliseconds time, std::function<void()> task) override {
    answer_timer_.expires_after(time);
    answer_timer_.async_wait([weak = weak(), task = std::move(task)](error_code error) {
      const auto self = weak.lock();
      if (!error && self && self->state_ == State::kAnswering) task();
    });
  }

 private:
  enum class State { kIdle, kReading, kAnswering, kClosed };

  std::shared_ptr<Connection> self() { return std::static_pointer_cast<Connection>(shared_from_this()); }
  std::weak_ptr<Connection> weak() { return self(); }
  auto& socket() { return stream_.lowest_layer(); }

  void set_state(State state) {
    shared_.num_answering += (state == State::kAnswering) - (state_ == State::kAnswering);
    state_ = state;
  }

  bool keeps_alive() const { return keeps_alive_ && !shared_.is_closing; }

  /// After that time the connection is closed, unless the timer is armed again or cancelled.
  void arm(asio::steady_timer& timer, std::chrono::seconds time) {
    timer.expires_after(time);
    timer.async_wait([weak = weak()](error_code error) {
      if (const auto self = weak.lock(); self && !error) self->gone();
    });
  }

  // Reading.

  void await_request() {
    set_state(State::kIdle);
    if (buffer_.size() > 0) return read_header();
    arm(read_deadline_, shared_.options.idle_time);
    read_some();
  }

  /// The read that is always under way while nothing is expected.
  void read_some() {
    if (is_reading_) return;
    is_reading_ = true;
    stream_.async_read_some(buffer_.prepare(kReadBytes), [self = self()](error_code error, std::size_t num_bytes) {
      self->is_reading_ = false;
      if (error) return self->gone();
      self->buffer_.commit(num_bytes);
      if (self->state_ == State::kIdle) self->read_header();
    });
  }

  void read_header() {
    set_state(State::kReading);
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(shared_.options.max_header_bytes));
    parser_->body_limit(shared_.options.max_body_bytes);
    arm(read_deadline_, shared_.options.header_time);
    http::async_read_header(stream_, buffer_, *parser_,
                            [self = self()](error_code error, std::size_t) { self->on_header(error); });
  }

  void on_header(error_code error) {
    if (error) return on_bad_request(error);
    const auto& fields = parser_->get();
    if (static_cast<std::size_t>(std::distance(fields.begin(), fields.end())) > shared_.options.max_headers) {
      return refuse(431, "expected at most " + std::to_string(shared_.options.max_headers) + " headers");
    }
    arm(read_deadline_, shared_.options.body_time);
    if (!boost::beast::iequals(fields[http::field::expect], "100-continue")) return read_body();
    continue_text_ = "HTTP/1.1 100 Continue\r\n\r\n";
    asio::async_write(stream_, asio::buffer(continue_text_), [self = self()](error_code failed, std::size_t) {
      if (failed) return self->gone();
      self->read_body();
    });
  }

  void read_body() {
    http::async_read(stream_, buffer_, *parser_, [self = self()](error_code error, std::size_t) {
      if (error) return self->on_bad_request(error);
      self->on_request();
    });
  }

  void on_bad_request(error_code error) {
    if (error == http::error::header_limit) {
      return refuse(431, "expected at most " + std::to_string(shared_.options.max_header_bytes) + " bytes of headers");
    }
    if (error == http::error::body_limit) {
      return refuse(413, "expected at most " + std::to_string(shared_.options.max_body_bytes) +
                             " bytes in the body (--max-body)");
    }
    const bool is_of_http = error.category() == http::make_error_code(http::error::bad_method).category();
    if (!is_of_http || error == http::error::end_of_stream || error == http::error::partial_message) return gone();
    refuse(400, "expected a request of HTTP/1.1: " + error.message());
  }

  void on_request() {
    read_deadline_.cancel();
    auto message = parser_->release();
    parser_.reset();
    keeps_alive_ = message.keep_alive();
    take_header(message);
    request_.body = std::move(message.body());
    set_state(State::kAnswering);
    if (buffer_.size() == 0) read_some();
    try {
      shared_.handler(self());
    } catch (const std::exception&) {
      if (state_ == State::kAnswering && !is_writing_ && !ends_after_)
        shared_.refusal(self(), 500, "the server failed");
    }
  }

  template <class Message>
  void take_header(const Message& message) {
    version_ = message.version();
    request_ = {.method = std::string(message.method_string()), .client = client_};
    const std::string target(message.target());
    const std::size_t question_mark = std::min(target.find('?'), target.size());
    request_.path = target.substr(0, question_mark);
    if (question_mark < target.size()) request_.query = target.substr(question_mark + 1);
    for (const auto& field : message) request_.headers.emplace_back(field.name_string(), field.value());
  }

  /// Answers what is no request that could be handed on. Where its end is cannot be known, so the connection ends too.
  void refuse(int status, const std::string& message) {
    set_state(State::kAnswering);
    read_deadline_.cancel();
    keeps_alive_ = false;
    request_ = {.client = client_};
    if (parser_) take_header(parser_->get());
    shared_.refusal(self(), status, message);
  }

  // Writing.

  /// Whoever is notified has something to write next.
  void send(const std::string& text, bool notifies) {
    if (state_ != State::kAnswering) return;
    pending_ += text;
    notifies_ = notifies_ || notifies;
    if (!is_writing_) flush();
  }

  void flush() {
    is_writing_ = true;
    written_ = std::move(pending_);
    pending_.clear();
    arm(write_deadline_, shared_.options.write_time);
    asio::async_write(stream_, asio::buffer(written_),
                      [self = self()](error_code error, std::size_t) { self->on_written_out(error); });
  }

  void on_written_out(error_code error) {
    is_writing_ = false;
    write_deadline_.cancel();
    if (error || state_ != State::kAnswering) return gone();
    if (!pending_.empty()) return flush();
    if (ends_after_) return end_answer();
    wait_for_idle();
    if (!std::exchange(notifies_, false) || !on_written_) return;
    const std::function<void()> on_written = on_written_;  // which may end the answer, and with it itself
    on_written();
  }

  void wait_for_idle() {
    if (idle_text_.empty()) return;
    idle_timer_.expires_after(kIdleTextTime);
    idle_timer_.async_wait([weak = weak()](error_code error) {
      const auto self = weak.lock();
      if (error || !self || self->state_ != State::kAnswering || self->is_writing_ || self->ends_after_) return;
      self->send(self->is_chunked_ ? chunk_text(self->idle_text_) : self->idle_text_, false);
    });
  }

  void end_answer() {
    forget_answer();
    if (!keeps_alive()) return close_gently();
    await_request();
  }

  void forget_answer() {
    on_written_ = nullptr;
    on_gone_ = nullptr;
    answer_timer_.cancel();
    idle_timer_.cancel();
    idle_text_.clear();
    ends_after_ = is_chunked_ = notifies_ = false;
    pending_.clear();
    request_ = {};
  }

  // Ending.

  /// Nobody is left to answer to.
  void gone() {
    const auto on_gone = std::move(on_gone_);
    close();
    if (on_gone) on_gone();
  }

  void close() {
    if (state_ == State::kClosed) return;
    set_state(State::kClosed);
    forget_answer();
    read_deadline_.cancel();
    write_deadline_.cancel();
    error_code ignored;
    socket().shutdown(asio::socket_base::shutdown_both, ignored);
    socket().close(ignored);
  }

  /// Reads what the client still sends for a while: closing at once would take the answer away from it (RFC 9112, 9.6).
  void close_gently() {
    set_state(State::kReading);
    arm(read_deadline_, kLingerTime);
    error_code ignored;
    if constexpr (kIsTls<Stream>) {
      stream_.async_shutdown([self = self()](error_code) { self->close(); });
    } else {
      socket().shutdown(asio::socket_base::shutdown_send, ignored);
      buffer_.clear();
      if (!is_reading_) discard();
    }
  }

  void discard() {
    stream_.async_read_some(buffer_.prepare(kReadBytes), [self = self()](error_code error, std::size_t) {
      if (error) return self->close();
      self->discard();
    });
  }

  Stream stream_;
  std::string client_;
  State state_ = State::kIdle;
  boost::beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  asio::steady_timer read_deadline_{stream_.get_executor()};
  asio::steady_timer write_deadline_{stream_.get_executor()};
  asio::steady_timer idle_timer_{stream_.get_executor()};
  asio::steady_timer answer_timer_{stream_.get_executor()};
  bool is_reading_ = false;  // read_some() is under way
  bool is_writing_ = false;
  bool keeps_alive_ = true;
  bool is_chunked_ = false;
  bool notifies_ = false;
  bool ends_after_ = false;  // the answer is complete when all is written
  unsigned version_ = 11;
  std::string continue_text_;
  std::string idle_text_;
  std::string pending_;
  std::string written_;  // what is being written
};

}  // namespace

HttpConnection::HttpConnection(HttpShared& shared) : shared_(shared) {}

std::shared_ptr<HttpConnection> HttpConnection::enter() {
  const std::lock_guard lock(shared_.mutex);
  shared_.connections.insert(this);
  return shared_from_this();
}

HttpConnection::~HttpConnection() {
  const std::lock_guard lock(shared_.mutex);
  shared_.connections.erase(this);
}

std::shared_ptr<HttpConnection> make_connection(HttpSocket socket, std::string client, HttpShared& shared) {
  return std::make_shared<Connection<HttpSocket>>(std::move(socket), std::move(client), shared)->enter();
}

std::shared_ptr<HttpConnection> make_tls_connection(HttpSocket socket, std::string client, asio::ssl::context& tls,
                                                    HttpShared& shared) {
  return std::make_shared<Connection<asio::ssl::stream<HttpSocket>>>(std::move(socket), std::move(client), shared, tls)
      ->enter();
}

}  // namespace wedlm::server
