#include "wedlm/load/response_reader.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <limits>

#include "wedlm/base/error.h"

namespace wedlm::load {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;
using boost::beast::string_view;

constexpr std::uint32_t kMaxHeaderBytes = 64 << 10;

}  // namespace

class ResponseReader::Parser final : public http::basic_parser<false> {
 public:
  explicit Parser(const OnBody& on_body) : on_body_(on_body) {
    header_limit(kMaxHeaderBytes);
    body_limit(std::numeric_limits<std::uint64_t>::max());  // the reader of the body has its own bounds
    eager(true);
  }

  const ResponseHead& head() const { return head_; }

 private:
  void on_request_impl(http::verb, string_view, string_view, int, error_code&) override {}
  void on_response_impl(int status, string_view, int, error_code&) override { head_.status = status; }
  void on_field_impl(http::field name, string_view, string_view value, error_code&) override {
    if (name == http::field::content_type) head_.content_type = std::string(value);
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(string_view piece, error_code&) override { return take(piece); }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view piece, error_code&) override { return take(piece); }
  void on_finish_impl(error_code&) override {}

  std::size_t take(string_view piece) {
    on_body_(head_, {piece.data(), piece.size()});
    return piece.size();
  }

  const OnBody& on_body_;
  ResponseHead head_;
};

ResponseReader::ResponseReader(OnBody on_body)
    : on_body_(std::move(on_body)), parser_(std::make_unique<Parser>(on_body_)) {}

ResponseReader::~ResponseReader() = default;

void ResponseReader::feed(std::string_view bytes) {
  unread_ += bytes;
  while (!unread_.empty() && !parser_->is_done()) {
    error_code error;
    const std::size_t num_read = parser_->put(boost::asio::buffer(unread_), error);
    unread_.erase(0, num_read);
    if (error == http::error::need_more) return;
    if (error) throw InvalidInput("expected an HTTP response, got something else: " + error.message());
    const bool is_interim = parser_->is_done() && head().status / 100 == 1;  // the response itself follows
    if (is_interim) parser_ = std::make_unique<Parser>(on_body_);
  }
}

void ResponseReader::end_of_input() {
  if (parser_->is_done()) return;
  error_code error;
  if (parser_->got_some()) parser_->put_eof(error);
  if (error || !parser_->is_done()) throw InvalidInput("the connection ended in the middle of a response");
}

const ResponseHead& ResponseReader::head() const {
  return parser_->head();
}

bool ResponseReader::is_complete() const {
  return parser_->is_done();
}

bool ResponseReader::may_continue() const {
  return parser_->is_done() && parser_->keep_alive() && unread_.empty();
}

}  // namespace wedlm::load
