#include "wedlm/base/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "wedlm/base/error.h"
#include "wedlm/base/quote.h"

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

std::string error_of_read(const std::function<void()>& read) {
  try {
    read();
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

TEST(JsonTest, IntegersKeepTheirDigits) {
  EXPECT_TRUE(parse_json("9223372036854775807", "x").is_integer());
  const std::string many = "-1" + std::string(5000, '7');
  for (const std::string& digits : {std::string("9223372036854775808"), std::string("18446744073709551615"),
                                    std::string("18446744073709551616"), std::string("-9223372036854775809"), many}) {
    const Json value = parse_json("[" + digits + ", 1]", "x").as_array()[0];
    EXPECT_FALSE(value.is_integer());
    EXPECT_TRUE(value.is_number());
    EXPECT_EQ(value.long_integer(), digits);
    EXPECT_EQ(write_json(value), digits);
    EXPECT_EQ(error_of_read([&] { value.as_integer(); }), "expected an integer, got an integer past 64 bits");
  }
  EXPECT_EQ(parse_json("18446744073709551616", "x").as_number(), 0x1p64);
  EXPECT_EQ(parse_json(many, "x").as_number(), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(parse_json("-9223372036854775808", "x").as_integer(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(write_json(Json(std::numeric_limits<std::uint64_t>::max())), "18446744073709551615");
  EXPECT_EQ(Json::integer_of_digits("-5"), Json(-5));
}

TEST(JsonTest, RealNumbers) {
  EXPECT_EQ(write_json(Json(1.0)), "1.0");
  EXPECT_EQ(write_json(Json(0.1)), "0.1");
  EXPECT_EQ(write_json(Json(std::numeric_limits<double>::infinity())), "null");
  EXPECT_EQ(parse_json("1e-999", "x").as_number(), 0);
}

// Python's json.dumps writes these, and json.loads reads them; 1e999 it reads as infinity.
TEST(JsonTest, ANumberThatNobodyReadsMakesNothingUnreadable) {
  const Json value = parse_json(R"({"a":[NaN, -Infinity,Infinity , 1e999,-2.5E+400],"NaN \\":"NaN \" Infinity","b":
      NaN,"c":7})",
                                "x.json");
  const Json::Array& items = value.at("a").as_array();
  EXPECT_TRUE(std::isnan(items[0].real()));
  EXPECT_EQ(items[1].real(), -std::numeric_limits<double>::infinity());
  for (const int i : {2, 3})
    EXPECT_EQ(items[static_cast<std::size_t>(i)].real(), std::numeric_limits<double>::infinity());
  EXPECT_EQ(items[4].real(), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(value.at("NaN \\").as_string(), "NaN \" Infinity");
  EXPECT_EQ(value.at("c").as_integer(), 7);
  EXPECT_EQ(error_of_read([&] { items[0].as_number(); }), "expected a number, got NaN");
  EXPECT_EQ(error_of_read([&] { items[1].as_integer(); }), "expected an integer, got -Infinity");
  EXPECT_EQ(error_of_read([&] { items[3].as_number(); }), "expected a number, got Infinity");
  EXPECT_FALSE(items[0].is_number());
  EXPECT_EQ(shown(items[0]) + ", " + shown(items[1]) + ", " + shown(items[4]), "NaN, -Infinity, -2.5E+400 (overflow)");
  EXPECT_EQ(write_json(items[4]), "null");
  EXPECT_TRUE(std::isnan(parse_json("NaN", "x").real()));
  for (const char* text : {"nan", "NaNa", "-NaN", "1NaN", "+Infinity", "--Infinity", "InfinityInfinity", "[1 NaN]",
                           "Inf", "{NaN:1}", "1.e999", "01e999", "1e9999-", "-", "[1e999e]", "1-1e999", "\"NaN"}) {
    EXPECT_THAT(error_of(text), testing::HasSubstr("x.json: not valid JSON: ")) << text;
  }
  EXPECT_THAT(error_of("0" + std::string(400, '0')), testing::HasSubstr("not valid JSON"));
  EXPECT_THAT(error_of("[NaN,\n Infinity, ?]"), testing::HasSubstr("line 2, column 12"));
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

TEST(JsonTest, ReplacedMembersStayInTheirPlace) {
  Json json = parse_json(R"({"a": 1, "b": 2})", "test");
  json.replace("a", "one");
  json.replace("c", 3);
  EXPECT_EQ(write_json(json), R"({"a":"one","b":2,"c":3})");
  Json nothing;
  nothing.replace("a", 1);
  EXPECT_EQ(write_json(nothing), R"({"a":1})");
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
