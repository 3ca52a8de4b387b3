// Requests and responses of HTTP/1.1 (RFC 9112) as plain data.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wedlm::server {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method{};  // "GET"
  std::string path{};    // "/v1/models", as it was sent, without what follows a question mark
  std::string query{};   // that
  HttpHeaders headers{};
  std::string body{};
  std::string client{};  // the address it came from: "127.0.0.1:50312", or "unix"

  /// nullptr where there is none of that name, whose case does not matter; the first of several.
  const std::string* header(std::string_view name) const;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  HttpHeaders headers{};
  std::string body{};
};

/// "OK", "Not Found".
std::string_view status_text(int status);

/// Whether two names of headers, or words in their values, are the same but for their case.
bool same_word(std::string_view left, std::string_view right);

/// Status line and headers; `framing` is the header that says how the body ends ("Content-Length: 5"). Line breaks in
/// values become spaces.
std::string head_text(const HttpResponse& response, std::string_view framing, bool keeps_alive);

}  // namespace wedlm::server
