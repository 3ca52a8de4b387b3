// Where an OpenAI-compatible server is, out of what a person writes: "http://host:port", with or without a path and
// /v1, "https://...", "host:port" alone, or "unix:PATH" for a socket of the file system.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace wedlm::load {

enum class Transport { kTcp, kTls, kUnixSocket };

struct ServerAddress {
  Transport transport = Transport::kTcp;
  std::string host{};         // a name or a number, IPv6 without brackets; empty for a socket of the file system
  std::uint16_t port = 0;     // 0 for a socket of the file system
  std::string socket_path{};  // of kUnixSocket
  std::string base_path{};    // in front of "/models" and "/chat/completions": "/v1", "/some/prefix/v1"

  /// What the field Host says: "localhost:8080", "[::1]:8080"; without the port where it is the scheme's own.
  std::string host_field() const;
  /// For people: "http://127.0.0.1:8080/v1".
  std::string text() const;
};

/// A path that does not end with /v1 (or /v2 and so on) gets it. Throws InvalidInput for what is no such address.
ServerAddress parse_server_address(std::string_view text);

}  // namespace wedlm::load
