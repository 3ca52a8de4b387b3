#include "wedlm/server/api/access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wedlm::server {
namespace {

HttpRequest with(std::string name, std::string value) {
  return {.headers = {{std::move(name), std::move(value)}}};
}

TEST(AccessTest, AKeyIsFoundWhereClientsPutIt) {
  const AccessRules rules{.api_keys = {"one", "two"}};
  EXPECT_TRUE(has_key(with("Authorization", "Bearer one"), rules));
  EXPECT_TRUE(has_key(with("authorization", "bearer two"), rules));
  EXPECT_TRUE(has_key(with("X-Api-Key", "two"), rules));
  EXPECT_TRUE(has_key(with("Authorization", "Basic eDp0d28="), rules));  // x:two
  EXPECT_TRUE(has_key({}, {}));
}

TEST(AccessTest, NothingElseIsAKey) {
  const AccessRules rules{.api_keys = {"one", "two"}};
  for (const char* value : {"", "one", "Bearer", "Bearer ", "Bearer on", "Bearer one2", "Basic",
                            "Basic eA==", "Basic b25l", "Basic ====", "Digest one", "Basic eDo="}) {
    EXPECT_FALSE(has_key(with("Authorization", value), rules)) << value;
  }
  EXPECT_FALSE(has_key({}, rules));
  EXPECT_FALSE(has_key(with("X-Api-Key", ""), rules));
}

TEST(AccessTest, OnALoopbackAddressHostsAreOurOwn) {
  const AccessRules rules{.hosts = {"proxy.example"}, .checks_host = true};
  for (const char* host : {"localhost", "localhost:80", "LocalHost", "127.0.0.1:8080", "127.1.2.3", "[::1]",
                           "[::1]:8080", "proxy.example:443"}) {
    EXPECT_TRUE(has_good_host(with("Host", host), rules)) << host;
  }
  for (const char* host :
       {"", "example.org", "127.0.0.1.example.org", "localhost.example.org", "127.evil", "[::2]", "xlocalhost"}) {
    EXPECT_FALSE(has_good_host(with("Host", host), rules)) << host;
  }
  EXPECT_TRUE(has_good_host(with("Host", "example.org"), {}));
}

TEST(AccessTest, OnlyPagesOfNamedOriginsMayRead) {
  const AccessRules rules{.cors_origins = {"https://a.example"}};
  EXPECT_THAT(
      cors_headers(with("Origin", "https://a.example"), rules),
      testing::Contains(std::pair<std::string, std::string>("Access-Control-Allow-Origin", "https://a.example")));
  EXPECT_TRUE(cors_headers(with("Origin", "https://b.example"), rules).empty());
  EXPECT_TRUE(cors_headers({}, rules).empty());
  EXPECT_THAT(cors_headers(with("Origin", "https://b.example"), {.cors_origins = {"*"}}),
              testing::Contains(std::pair<std::string, std::string>("Access-Control-Allow-Origin", "*")));
}

}  // namespace
}  // namespace wedlm::server
