#include "wedlm/load/server_address.h"

#include <algorithm>

#include "wedlm/base/error.h"
#include "wedlm/base/number_text.h"
#include "wedlm/base/quote.h"

namespace wedlm::load {
namespace {

constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;

[[noreturn]] void fail(std::string_view text, const std::string& why) {
  throw InvalidInput("expected the address of a server, such as http://127.0.0.1:8080 or unix:/run/wedlm.sock, got " +
                     quote(text) + ": " + why);
}

bool ends_with_version(std::string_view path) {
  const std::string_view last = path.substr(path.rfind('/') + 1);
  return last.size() > 1 && last.front() == 'v' &&
         std::all_of(last.begin() + 1, last.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string base_path_of(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  return std::string(path) + (!path.empty() && ends_with_version(path) ? "" : "/v1");
}

/// Everything that would not stand in a request line as it is.
bool has_other_characters(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return c <= ' ' || c == '\x7f' || (c & 0x80) != 0; });
}

std::uint16_t default_port(Transport transport) {
  return transport == Transport::kTls ? kHttpsPort : kHttpPort;
}

void read_host_and_port(std::string_view authority, std::string_view text, ServerAddress& address) {
  if (authority.find('@') != std::string_view::npos) fail(text, "a name and password are no part of it");
  std::string_view port;
  const bool is_ipv6 = authority.starts_with('[');
  const std::size_t end = is_ipv6 ? authority.find(']') : std::min(authority.find(':'), authority.size());
  if (end == std::string_view::npos) fail(text, "the bracket is not closed");
  address.host = authority.substr(is_ipv6 ? 1 : 0, end - (is_ipv6 ? 1 : 0));
  if (address.host.empty()) fail(text, "it names no host");
  std::string_view rest = authority.substr(end + (is_ipv6 ? 1 : 0));
  address.port = default_port(address.transport);
  if (rest.empty()) return;
  if (rest.front() != ':') fail(text, "a port follows the host after a colon");
  rest.remove_prefix(1);
  const auto number = parse_whole<std::uint16_t>(rest);
  if (!number || *number == 0) fail(text, "a port is a number from 1 to 65535");
  address.port = *number;
}

}  // namespace

std::string ServerAddress::host_field() const {
  if (transport == Transport::kUnixSocket) return "localhost";
  const bool is_ipv6 = host.find(':') != std::string::npos;
  const std::string name = is_ipv6 ? "[" + host + "]" : host;
  return port == default_port(transport) ? name : name + ":" + std::to_string(port);
}

std::string ServerAddress::text() const {
  if (transport == Transport::kUnixSocket) return "unix:" + socket_path;
  return (transport == Transport::kTls ? "https://" : "http://") + host_field() + base_path;
}

ServerAddress parse_server_address(std::string_view text) {
  ServerAddress address;
  std::string_view rest = text;
  constexpr std::string_view kUnix = "unix:";
  if (rest.starts_with(kUnix)) {
    rest.remove_prefix(kUnix.size());
    if (rest.starts_with("//")) rest.remove_prefix(2);
    if (rest.empty()) fail(text, "it names no socket");
    address.transport = Transport::kUnixSocket;
    address.socket_path = rest;
    address.base_path = base_path_of("");
    return address;
  }
  if (has_other_characters(text)) fail(text, "it has a blank or a character that is not ASCII");
  const std::size_t scheme_end = rest.find("://");
  if (scheme_end != std::string_view::npos) {
    const std::string_view scheme = rest.substr(0, scheme_end);
    if (scheme != "http" && scheme != "https") fail(text, "it does not begin with http://, https:// or unix:");
    if (scheme == "https") address.transport = Transport::kTls;
    rest.remove_prefix(scheme_end + 3);
  }
  if (rest.find_first_of("?#") != std::string_view::npos) fail(text, "a query is no part of it");
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  read_host_and_port(rest.substr(0, slash), text, address);
  address.base_path = base_path_of(rest.substr(slash));
  for (const char* route : {"/chat/completions/v1", "/completions/v1"}) {
    if (address.base_path.ends_with(route)) fail(text, "the route is chosen by the endpoint; leave it out");
  }
  return address;
}

}  // namespace wedlm::load
