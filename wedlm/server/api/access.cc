#include "wedlm/server/api/access.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <optional>

namespace wedlm::server {
namespace {

using Digest = std::array<unsigned char, SHA256_DIGEST_LENGTH>;

/// All of the same length, so that comparing them tells nothing of how long a key is.
Digest digest_of(std::string_view text) {
  Digest digest{};
  EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  return digest;
}

bool is_key(std::string_view text, const AccessRules& rules) {
  const Digest given = digest_of(text);
  bool is_one = false;
  for (const std::string& key : rules.api_keys) {
    is_one |= CRYPTO_memcmp(given.data(), digest_of(key).data(), given.size()) == 0;
  }
  return is_one;
}

std::optional<std::string_view> after_scheme(std::string_view value, std::string_view scheme) {
  if (value.size() <= scheme.size() || !same_word(value.substr(0, scheme.size()), scheme)) return std::nullopt;
  value.remove_prefix(scheme.size());
  while (value.starts_with(' ')) value.remove_prefix(1);
  return value;
}

/// What follows the colon of "user:password" in base64.
std::string password_of(std::string_view credentials) {
  std::string bytes(credentials.size() / 4 * 3 + 3, '\0');
  const int length =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                      reinterpret_cast<const unsigned char*>(credentials.data()), static_cast<int>(credentials.size()));
  if (length < 0) return {};
  const auto padding = static_cast<std::size_t>(std::ranges::count(credentials, '='));
  bytes.resize(static_cast<std::size_t>(length) - std::min(padding, static_cast<std::size_t>(length)));
  const std::size_t colon = bytes.find(':');
  return colon == std::string::npos ? std::string() : bytes.substr(colon + 1);
}

/// "localhost:8080" without its port, "[::1]:8080" with its brackets.
std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, std::min(host.find(']') + 1, host.size()));
  return host.substr(0, host.find(':'));
}

/// 127.0.0.1 and all others of 127.0.0.0/8, but no name that begins so.
bool is_loopback_address(std::string_view host) {
  return host == "[::1]" || (host.starts_with("127.") && std::ranges::all_of(host, [](char letter) {
                               return letter == '.' || (letter >= '0' && letter <= '9');
                             }));
}

}  // namespace

bool has_key(const HttpRequest& request, const AccessRules& rules) {
  if (rules.api_keys.empty()) return true;
  if (const std::string* key = request.header("x-api-key")) return is_key(*key, rules);
  const std::string* authorization = request.header("Authorization");
  if (authorization == nullptr) return false;
  if (const auto key = after_scheme(*authorization, "Bearer ")) return is_key(*key, rules);
  if (const auto credentials = after_scheme(*authorization, "Basic ")) return is_key(password_of(*credentials), rules);
  return false;
}

bool has_good_host(const HttpRequest& request, const AccessRules& rules) {
  if (!rules.checks_host) return true;
  const std::string* header = request.header("Host");
  if (header == nullptr) return true;  // HTTP/1.0: no browser
  const std::string_view host = without_port(*header);
  return same_word(host, "localhost") || is_loopback_address(host) ||
         std::ranges::any_of(rules.hosts, [&](const std::string& name) { return same_word(name, host); });
}

HttpHeaders cors_headers(const HttpRequest& request, const AccessRules& rules) {
  const std::string* origin = request.header("Origin");
  if (origin == nullptr) return {};
  const bool is_any = std::ranges::count(rules.cors_origins, "*") > 0;
  if (!is_any && std::ranges::count(rules.cors_origins, *origin) == 0) return {};
  return {{"Access-Control-Allow-Origin", is_any ? "*" : *origin},
          {"Access-Control-Expose-Headers", "X-Request-Id, Retry-After"},
          {"Vary", "Origin"}};
}

}  // namespace wedlm::server
