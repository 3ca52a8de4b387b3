// Who may come in: keys, the Host that browsers name, and pages of other origins.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "wedlm/server/http/http_message.h"

namespace wedlm::server {

struct AccessRules {
  std::vector<std::string> api_keys{};      // empty: everybody may
  std::vector<std::string> cors_origins{};  // pages from there may read answers; "*": from anywhere
  std::vector<std::string> hosts{};         // names that Host may have besides loopback addresses
  bool checks_host = false;                 // the server listens on a loopback address
};

/// Whether the request has one of the keys: as a bearer token, as x-api-key, or as the password of HTTP's basic
/// authentication, which browsers ask for. Takes as long for a wrong key as for a right one.
bool has_key(const HttpRequest& request, const AccessRules& rules);

/// Whether Host names this machine as its own programs do. A page of the web whose name leads to 127.0.0.1 (DNS
/// rebinding) is told from the user by it.
bool has_good_host(const HttpRequest& request, const AccessRules& rules);

/// The headers that let a page of the request's origin read the answer; none where it may not, or is of no other
/// origin.
HttpHeaders cors_headers(const HttpRequest& request, const AccessRules& rules);

}  // namespace wedlm::server
