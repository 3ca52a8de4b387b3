#include "wedlm/server/http/http_message.h"

#include <algorithm>
#include <array>

namespace wedlm::server {
namespace {

constexpr std::array<std::pair<int, std::string_view>, 20> kStatuses = {{{200, "OK"},
                                                                         {204, "No Content"},
                                                                         {304, "Not Modified"},
                                                                         {400, "Bad Request"},
                                                                         {401, "Unauthorized"},
                                                                         {403, "Forbidden"},
                                                                         {404, "Not Found"},
                                                                         {405, "Method Not Allowed"},
                                                                         {408, "Request Timeout"},
                                                                         {411, "Length Required"},
                                                                         {413, "Content Too Large"},
                                                                         {415, "Unsupported Media Type"},
                                                                         {422, "Unprocessable Content"},
                                                                         {429, "Too Many Requests"},
                                                                         {431, "Request Header Fields Too Large"},
                                                                         {500, "Internal Server Error"},
                                                                         {501, "Not Implemented"},
                                                                         {503, "Service Unavailable"},
                                                                         {504, "Gateway Timeout"},
                                                                         {505, "HTTP Version Not Supported"}}};

char lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

void append_value(std::string& text, std::string_view value) {
  for (const char byte : value) text += byte == '\r' || byte == '\n' || byte == '\0' ? ' ' : byte;
}

}  // namespace

bool same_word(std::string_view left, std::string_view right) {
  return std::ranges::equal(left, right, {}, lower, lower);
}

const std::string* HttpRequest::header(std::string_view name) const {
  const auto found = std::ranges::find_if(headers, [&](const auto& header) { return same_word(header.first, name); });
  return found == headers.end() ? nullptr : &found->second;
}

std::string_view status_text(int status) {
  const auto found = std::ranges::find(kStatuses, status, &std::pair<int, std::string_view>::first);
  return found == kStatuses.end() ? "Unknown" : found->second;
}

std::string head_text(const HttpResponse& response, std::string_view framing, bool keeps_alive) {
  std::string text = "HTTP/1.1 " + std::to_string(response.status) + " ";
  text.append(status_text(response.status)).append("\r\n");
  if (!response.content_type.empty()) text.append("Content-Type: ").append(response.content_type).append("\r\n");
  for (const auto& [name, value] : response.headers) {
    text.append(name).append(": ");
    append_value(text, value);
    text.append("\r\n");
  }
  if (!framing.empty()) text.append(framing).append("\r\n");
  if (!keeps_alive) text.append("Connection: close\r\n");
  return text.append("\r\n");
}

}  // namespace wedlm::server
