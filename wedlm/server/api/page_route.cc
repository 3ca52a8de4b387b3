#include "wedlm/server/api/page_route.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "wedlm/server/page/page_files.h"

namespace wedlm::server {
namespace {

/// Scripts, styles and fonts come from here alone, nothing is sent elsewhere, and no other page may frame this one.
constexpr std::string_view kContentPolicy =
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const PageFile* find_page_file(std::string_view path) {
  if (path == "/") path = "/index.html";
  const auto files = page_files();
  const auto found = std::ranges::find(files, path, &PageFile::path);
  return found == files.end() ? nullptr : &*found;
}

/// A strong validator: FNV-1a of the content, in quotes.
std::string entity_tag(std::string_view content) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const unsigned char byte : content) hash = (hash ^ byte) * 0x100000001b3;
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string tag = "\"";
  for (int shift = 60; shift >= 0; shift -= 4) tag += kDigits[hash >> shift & 15];
  return tag + '"';
}

}  // namespace

bool is_page_path(std::string_view path) {
  return find_page_file(path) != nullptr;
}

HttpResponse page_response(const HttpRequest& request) {
  const PageFile& file = *find_page_file(request.path);
  const std::string tag = entity_tag(file.content);
  HttpResponse response{.content_type = std::string(file.content_type),
                        .headers = {{"ETag", tag},
                                    {"Cache-Control", "no-cache"},
                                    {"Content-Security-Policy", std::string(kContentPolicy)},
                                    {"Referrer-Policy", "no-referrer"}}};
  const std::string* known = request.header("If-None-Match");
  if (known != nullptr && (*known == "*" || known->find(tag) != std::string::npos)) {
    response.status = 304;
  } else {
    response.body = file.content;
  }
  return response;
}

}  // namespace wedlm::server
