#include "wedlm/load/server_address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wedlm/base/error.h"

namespace wedlm::load {
namespace {

struct Case {
  std::string written;
  std::string text;
  std::string host_field;
  std::string base_path;
};

TEST(ServerAddressTest, IsReadAsPeopleWriteIt) {
  const std::vector<Case> cases = {
      {"http://127.0.0.1:8080", "http://127.0.0.1:8080/v1", "127.0.0.1:8080", "/v1"},
      {"http://127.0.0.1:8080/", "http://127.0.0.1:8080/v1", "127.0.0.1:8080", "/v1"},
      {"http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1", "127.0.0.1:8080", "/v1"},
      {"http://127.0.0.1:8080/v1/", "http://127.0.0.1:8080/v1", "127.0.0.1:8080", "/v1"},
      {"localhost:8000", "http://localhost:8000/v1", "localhost:8000", "/v1"},
      {"example.com", "http://example.com/v1", "example.com", "/v1"},
      {"https://example.com/api/v2", "https://example.com/api/v2", "example.com", "/api/v2"},
      {"https://example.com:8443/openai", "https://example.com:8443/openai/v1", "example.com:8443", "/openai/v1"},
      {"http://example.com:80", "http://example.com/v1", "example.com", "/v1"},
      {"http://[::1]:8080", "http://[::1]:8080/v1", "[::1]:8080", "/v1"},
      {"http://[fe80::1]", "http://[fe80::1]/v1", "[fe80::1]", "/v1"},
      {"http://h/very", "http://h/very/v1", "h", "/very/v1"},
      {"unix:/run/a b.sock", "unix:/run/a b.sock", "localhost", "/v1"},
      {"unix:///run/x", "unix:/run/x", "localhost", "/v1"},
  };
  for (const Case& c : cases) {
    const ServerAddress address = parse_server_address(c.written);
    EXPECT_EQ(address.text(), c.text) << c.written;
    EXPECT_EQ(address.host_field(), c.host_field) << c.written;
    EXPECT_EQ(address.base_path, c.base_path) << c.written;
  }
}

TEST(ServerAddressTest, HasThePortOfItsScheme) {
  EXPECT_EQ(parse_server_address("http://a").port, 80);
  EXPECT_EQ(parse_server_address("https://a").port, 443);
  EXPECT_EQ(parse_server_address("https://a:80").port, 80);
  EXPECT_EQ(parse_server_address("https://a:80").host_field(), "a:80");
  EXPECT_EQ(parse_server_address("http://[::1]:81").host, "::1");
  EXPECT_EQ(parse_server_address("https://a").transport, Transport::kTls);
  EXPECT_EQ(parse_server_address("unix:x").socket_path, "x");
}

TEST(ServerAddressTest, WhatIsNoneIsRefusedWithTheReason) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "no host"},
      {"http://", "no host"},
      {"http://:80", "no host"},
      {"ftp://x", "http://, https:// or unix:"},
      {"unix:", "no socket"},
      {"http://a b", "blank"},
      {"http://a\r\nX: y", "blank"},
      {"http://\xC3\xA4", "ASCII"},
      {"http://me:secret@host", "password"},
      {"http://host?x=1", "query"},
      {"http://host/#x", "query"},
      {"http://host:0", "port"},
      {"http://host:65536", "port"},
      {"http://host:8o", "port"},
      {"http://host:", "port"},
      {"http://[::1", "bracket"},
      {"http://[::1]8080", "colon"},
      {"http://host/v1/chat/completions", "route"},
      {"http://host/v1/completions", "route"},
  };
  for (const auto& [text, reason] : cases) {
    try {
      parse_server_address(text);
      ADD_FAILURE() << text;
    } catch (const InvalidInput& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr(reason)) << text;
    }
  }
}

}  // namespace
}  // namespace wedlm::load
