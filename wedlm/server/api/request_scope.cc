#include "wedlm/server/api/request_scope.h"

#include <algorithm>
#include <random>

namespace wedlm::server {
namespace {

constexpr std::size_t kMaxIdBytes = 128;
constexpr std::string_view kHexDigits = "0123456789abcdef";

std::string fresh_id() {
  thread_local std::mt19937_64 random{std::random_device{}() * 0x1'0000'0000U + std::random_device{}()};
  std::string id;
  for (std::uint64_t bits = random(); id.size() < 24; bits = bits < 16 ? random() : bits / 16)
    id += kHexDigits[bits % 16];
  return id;
}

/// The client's own, where it can stand in a header and in a line of a log.
std::string id_of(const HttpRequest& request) {
  const std::string* given = request.header("X-Request-Id");
  const auto is_plain = [](unsigned char letter) {
    return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           letter == '-' || letter == '_' || letter == '.' || letter == ':';
  };
  const bool is_good =
      given != nullptr && !given->empty() && given->size() <= kMaxIdBytes && std::ranges::all_of(*given, is_plain);
  return is_good ? *given : fresh_id();
}

}  // namespace

RequestScope::RequestScope(std::shared_ptr<HttpExchange> exchange, HttpHeaders headers, Errors errors, OnEnd on_end)
    : exchange_(std::move(exchange)), headers_(std::move(headers)), errors_(errors), on_end_(std::move(on_end)) {
  const HttpRequest& request = exchange_->request();
  const auto known = [](const std::string& text) { return text.empty() ? "-" : text; };  // of what was read
  record_ = {
      .id = id_of(request), .client = request.client, .method = known(request.method), .path = known(request.path)};
  headers_.emplace_back("X-Request-Id", record_.id);
}

RequestScope::~RequestScope() {
  if (!has_ended_) end(kClientLeft);
}

void RequestScope::respond(HttpResponse response) {
  const int status = response.status;
  response.headers.insert(response.headers.end(), headers_.begin(), headers_.end());
  exchange_->respond(std::move(response));
  end(status);
}

void RequestScope::respond(const Json& json, int status) {
  respond(HttpResponse{.status = status, .body = write_json(json) + "\n"});
}

void RequestScope::fail(const ApiFailure& failure) {
  if (record_.error.empty()) record_.error = failure.message;
  HttpResponse response{.status = failure.status, .body = write_json(errors_(failure)) + "\n"};
  if (failure.retry_after_seconds) {
    response.headers.emplace_back("Retry-After", std::to_string(*failure.retry_after_seconds));
  }
  if (failure.allowed_methods) response.headers.emplace_back("Allow", *failure.allowed_methods);
  if (failure.status == 401) response.headers.emplace_back("WWW-Authenticate", "Basic realm=\"wedlm\", Bearer");
  respond(std::move(response));
}

void RequestScope::fail(const std::exception& error) {
  record_.error = error.what();
  fail(failure_of(error));
}

void RequestScope::begin_stream() {
  HttpResponse head{.content_type = "text/event-stream; charset=utf-8",
                    .headers = {{"Cache-Control", "no-cache"}, {"X-Accel-Buffering", "no"}}};
  head.headers.insert(head.headers.end(), headers_.begin(), headers_.end());
  exchange_->begin_stream(std::move(head), ": still here\n\n");
}

void RequestScope::end_stream(const ApiFailure* failure) {
  if (failure != nullptr && record_.error.empty()) record_.error = failure->message;
  exchange_->end_stream();
  end(failure == nullptr ? 200 : failure->status);
}

void RequestScope::leave() {
  if (!has_ended_) end(kClientLeft);
}

void RequestScope::end(int status) {
  has_ended_ = true;
  record_.status = status;
  record_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  on_end_(record_);
}

}  // namespace wedlm::server
