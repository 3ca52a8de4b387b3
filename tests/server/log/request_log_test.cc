#include "wedlm/server/log/request_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wedlm/base/json.h"

namespace wedlm::server {
namespace {

using testing::HasSubstr;
using testing::Not;

RequestRecord record() {
  return {.id = "1f",
          .client = "127.0.0.1:5",
          .method = "POST",
          .path = "/v1/x\ny",
          .status = 200,
          .seconds = 0.25,
          .stats = RequestStats{.prompt_tokens = 3, .generated_tokens = 7, .decode_forwards = 2},
          .error = "line one\nline two",
          .num_unknown_members = 2};
}

TEST(RequestLogTest, ARequestIsOneLine) {
  for (const LogFormat format : {LogFormat::kText, LogFormat::kJson}) {
    const std::string line = log_line(record(), format);
    EXPECT_THAT(line, Not(HasSubstr("\n")));
    EXPECT_THAT(line, HasSubstr("1f"));
    EXPECT_THAT(line, Not(HasSubstr("prompt:"))) << "what was asked is nobody's business";
  }
}

TEST(RequestLogTest, JsonHasTheFigures) {
  const Json json = parse_json(log_line(record(), LogFormat::kJson), "line");
  EXPECT_EQ(json.at("status"), Json(200));
  EXPECT_EQ(json.at("prompt_tokens"), Json(3));
  EXPECT_EQ(json.at("completion_tokens"), Json(7));
  EXPECT_EQ(json.at("unknown_members"), Json(2));
  EXPECT_EQ(json.at("time").as_string().size(), std::string("2026-01-01T00:00:00.000Z").size());
}

TEST(RequestLogTest, TextReadsWell) {
  EXPECT_THAT(log_line(record(), LogFormat::kText),
              HasSubstr("POST /v1/x\\ny 200 250.0 ms; prompt 3 (0 cached), answer 7 tokens in 2 forwards"));
}

}  // namespace
}  // namespace wedlm::server
