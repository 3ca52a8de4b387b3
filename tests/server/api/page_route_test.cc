#include "wedlm/server/api/page_route.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tests/support/data.h"

namespace wedlm::server {
namespace {

using testing::HasSubstr;

HttpResponse response_to(std::string path, HttpHeaders headers = {}) {
  return page_response({.method = "GET", .path = std::move(path), .headers = std::move(headers)});
}

std::string header_of(const HttpResponse& response, const std::string& name) {
  const std::map<std::string, std::string> headers(response.headers.begin(), response.headers.end());
  return headers.at(name);
}

TEST(PageRouteTest, TheFirstPathIsThePage) {
  EXPECT_TRUE(is_page_path("/"));
  const HttpResponse response = response_to("/");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "text/html; charset=utf-8");
  EXPECT_EQ(response.body, read_text(source_dir() / "web/index.html"));
}

TEST(PageRouteTest, NothingElseIsThere) {
  for (const char* path : {"", "/nothing.js", "index.html", "/../README.md", "/vendor", "/vendor/", "/v1/", "//"}) {
    EXPECT_FALSE(is_page_path(path)) << path;
  }
}

TEST(PageRouteTest, ScriptsComeFromHereAlone) {
  const HttpResponse response = response_to("/vendor/LICENSES.txt");
  EXPECT_THAT(header_of(response, "Content-Security-Policy"), HasSubstr("default-src 'self'"));
  EXPECT_EQ(header_of(response, "Referrer-Policy"), "no-referrer");
  EXPECT_EQ(response.content_type, "text/plain; charset=utf-8");
}

TEST(PageRouteTest, WhoHasItAlreadyIsTold) {
  const std::string tag = header_of(response_to("/"), "ETag");
  EXPECT_NE(tag, header_of(response_to("/vendor/LICENSES.txt"), "ETag"));
  EXPECT_EQ(header_of(response_to("/"), "Cache-Control"), "no-cache");
  for (const std::string& known : {tag, "\"0\", W/" + tag, std::string("*")}) {
    const HttpResponse response = response_to("/", {{"If-None-Match", known}});
    EXPECT_EQ(response.status, 304) << known;
    EXPECT_EQ(response.body, "");
    EXPECT_EQ(header_of(response, "ETag"), tag);
  }
  EXPECT_EQ(response_to("/", {{"If-None-Match", "\"0\""}}).status, 200);
}

}  // namespace
}  // namespace wedlm::server
