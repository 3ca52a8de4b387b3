#include "wedlm/base/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "wedlm/base/error.h"

namespace wedlm {
namespace {

std::string error_of(std::string_view text, JsonLimits limits = {}) {
  try {
    parse_json(text, "x.json", limits);
  } catch (const InvalidInput& error) {
    return error.what();
  }
  return "";
}

TEST(JsonTest, KeepsKindsAndOrder) {
  const Json value = parse_json(R"({"b":[1,-2,2.5,true,null,"s"],"a":{}})", "x.json");
  EXPECT_EQ(write_json(value), R"({"b":[1,-2,2.5,true,null,"s"],"a":{}})");
  EXPECT_EQ(value.at("b").as_array()[0].as_integer(), 1);
  EXPECT_EQ(value.find("c"), nullptr);
}

TEST(JsonTest, NumbersPastTheIntegersAreDoubles) {
  EXPECT_TRUE(parse_json("9223372036854775807", "x").is_integer());
  EXPECT_FALSE(parse_json("9223372036854775808", "x").is_integer());
  EXPECT_EQ(write_json(Json(1.0)), "1.0");
  EXPECT_EQ(write_json(Json(0.1)), "0.1");
  EXPECT_EQ(write_json(Json(std::numeric_limits<double>::infinity())), "null");
}

TEST(JsonTest, RefusesWhatIsNotJsonAndSaysWhere) {
  EXPECT_THAT(error_of("{\"a\":"), testing::HasSubstr("x.json: not valid JSON: "));
  EXPECT_THAT(error_of("{\"a\":\n,}"), testing::HasSubstr("line 2"));
  EXPECT_THAT(error_of(""), testing::HasSubstr("x.json"));
  EXPECT_THAT(error_of("[1] 2"), testing::HasSubstr("x.json"));
  EXPECT_THAT(error_of("\"\xff\""), testing::HasSubstr("x.json"));
  EXPECT_THAT(error_of("{\"a\":1,\"a\":2}"), testing::HasSubstr("\"a\" stands twice"));
}

TEST(JsonTest, DepthIsBounded) {
  EXPECT_EQ(error_of(std::string(64, '[') + std::string(64, ']')), "");
  EXPECT_THAT(error_of(std::string(65, '[') + std::string(65, ']')), testing::HasSubstr("deeper than 64"));
  EXPECT_THAT(error_of(std::string(1'000'000, '[')), testing::HasSubstr("deeper than 64"));
}

TEST(JsonTest, AccessorsNameTheKinds) {
  try {
    parse_json("[1]", "x").as_string();
    FAIL();
  } catch (const InvalidInput& error) {
    EXPECT_STREQ(error.what(), "expected a string, got an array");
  }
  EXPECT_THROW(parse_json("{}", "x").at("key"), InvalidInput);
}

TEST(JsonTest, AsciiEscapesAreUtf16) {
  std::string text;
  append_json_string(text, "a\x7F\u00e9\U0001F600\t", JsonCharacters::kAscii);
  EXPECT_EQ(text, R"("a\u007f\u00e9\ud83d\ude00\t")");  // as Python's json.dumps writes it
}

TEST(JsonTest, WrittenTextIsAlwaysUtf8) {
  EXPECT_EQ(write_json(Json("a\n\x01\"\\é\xff")), "\"a\\n\\u0001\\\"\\\\é\xEF\xBF\xBD\"");
  // Unicode 15, table 3-8: maximal subparts.
  EXPECT_EQ(replace_ill_formed_utf8("a\xF1\x80\x80\xE1\x80\xC2"
                                    "b\x80"
                                    "c\x80\xBF"
                                    "d"),
            "a\uFFFD\uFFFD\uFFFD"
            "b\uFFFD"
            "c\uFFFD\uFFFD"
            "d");
  EXPECT_EQ(replace_ill_formed_utf8("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");  // a surrogate
}

}  // namespace
}  // namespace wedlm
