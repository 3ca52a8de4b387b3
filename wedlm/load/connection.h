// A connection to a server: a socket of TCP or of the file system, with TLS over it where there is some. For
// http_client.cc alone: whoever includes this compiles Asio and OpenSSL.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>

namespace wedlm::load {

class Connection {
 public:
  using Error = boost::system::error_code;
  using Endpoint = boost::asio::generic::stream_protocol::endpoint;
  using Done = std::function<void(Error error)>;
  using DoneReading = std::function<void(Error error, std::size_t num_bytes)>;

  /// `tls`: nullptr for none. It and the loop outlive the connection.
  Connection(boost::asio::io_context& loop, boost::asio::ssl::context* tls, const std::string& host) : socket_(loop) {
    if (tls == nullptr) return;
    tls_.emplace(socket_, *tls);
    ::SSL_set_tlsext_host_name(tls_->native_handle(), host.c_str());
    tls_->set_verify_callback(boost::asio::ssl::host_name_verification(host));
  }

  void connect(const Endpoint& endpoint, Done done) {
    socket_.async_connect(endpoint, [this, done = std::move(done)](Error error) {
      if (!error) {
        Error ignored;  // no option of a socket of the file system
        socket_.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
      }
      if (error || !tls_) return done(error);
      tls_->async_handshake(boost::asio::ssl::stream_base::client, done);
    });
  }

  void write(const std::string& bytes, Done done) {
    const auto written = [done = std::move(done)](Error error, std::size_t) { done(error); };
    if (tls_) {
      boost::asio::async_write(*tls_, boost::asio::buffer(bytes), written);
    } else {
      boost::asio::async_write(socket_, boost::asio::buffer(bytes), written);
    }
  }

  void read_some(boost::asio::mutable_buffer buffer, DoneReading done) {
    if (tls_) {
      tls_->async_read_some(buffer, std::move(done));
    } else {
      socket_.async_read_some(buffer, std::move(done));
    }
  }

  void close() {
    Error ignored;
    socket_.close(ignored);
  }

  /// Why the certificate is not trusted; empty where it is, or where there is none.
  std::string certificate_error() {
    if (!tls_ || ::SSL_get_verify_mode(tls_->native_handle()) == SSL_VERIFY_NONE) return {};
    const long result = ::SSL_get_verify_result(tls_->native_handle());
    return result == X509_V_OK ? std::string() : ::X509_verify_cert_error_string(result);
  }

 private:
  boost::asio::generic::stream_protocol::socket socket_;
  std::optional<boost::asio::ssl::stream<boost::asio::generic::stream_protocol::socket&>> tls_;
};

}  // namespace wedlm::load
