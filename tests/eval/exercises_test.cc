#include "wedlm/eval/exercises.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>

#include "tests/support/data.h"
#include "wedlm/base/error.h"

namespace wedlm {
namespace {

KnownAnswer known(const std::string& line) {
  return known_answer(parse_json(line, "line"), "line").value();
}

struct NumberCase {
  const char* text;
  const char* number;  // nullptr where there is none
};

class LastNumberTest : public testing::TestWithParam<NumberCase> {};

TEST_P(LastNumberTest, IsFound) {
  const std::optional<std::string> number = last_number(GetParam().text);
  if (GetParam().number == nullptr) {
    EXPECT_EQ(number, std::nullopt) << GetParam().text;
  } else {
    EXPECT_EQ(number, GetParam().number) << GetParam().text;
  }
}

INSTANTIATE_TEST_SUITE_P(Texts, LastNumberTest,
                         testing::Values(NumberCase{"", nullptr}, NumberCase{"none at all.", nullptr},
                                         NumberCase{"33 + 16 = 49. The answer is 49.", "49"},
                                         NumberCase{"x = 28 / 2\nx = 14\n#### 14", "14"},
                                         NumberCase{"It costs $1,234.50.", "1234.5"}, NumberCase{"18.00", "18"},
                                         NumberCase{"1,2,3", "3"}, NumberCase{"1, 200, 300", "300"},
                                         NumberCase{"12,345,678 in all", "12345678"}, NumberCase{"007", "7"},
                                         NumberCase{"0", "0"}, NumberCase{"0.50", "0.5"}, NumberCase{"x = -2", "-2"},
                                         NumberCase{"-$5", "-5"}, NumberCase{"7-2", "2"}, NumberCase{"3 - 2", "2"},
                                         NumberCase{"a 20-year-old", "20"}, NumberCase{"-0", "0"},
                                         NumberCase{"version 1.2.3", "3"}, NumberCase{"5€ or 6%", "6"}));

TEST(ExercisesTest, TheRuleFollowsFromTheAnswerWhereNoneIsNamed) {
  EXPECT_EQ(known(R"({"answer": "14"})").judge, Judge::kLastNumber);
  EXPECT_EQ(known(R"({"answer": 14})").judge, Judge::kLastNumber);
  EXPECT_EQ(known(R"({"answer": "He has 3 * 6 = 18.\n#### 18"})").judge, Judge::kLastNumber);
  EXPECT_EQ(known(R"({"answer": "1, 2, 3"})").judge, Judge::kWholeText);
  EXPECT_EQ(known(R"({"answer": "Paris"})").judge, Judge::kWholeText);
  EXPECT_EQ(known(R"({"answer": "12", "judge": "whole-text", "kind": "counting"})").judge, Judge::kWholeText);
  EXPECT_EQ(known(R"({"answer": "12", "judge": "whole-text", "kind": "counting"})").kind, "counting");
  EXPECT_EQ(known_answer(parse_json(R"({"prompt": "x"})", "line"), "line"), std::nullopt);
}

TEST(ExercisesTest, TextsAreJudged) {
  const KnownAnswer number{.answer = "#### 1,000", .judge = Judge::kLastNumber};
  EXPECT_TRUE(is_right(number, "It is 1000.00"));
  EXPECT_FALSE(is_right(number, "1000 and 1"));
  EXPECT_FALSE(is_right(number, ""));
  const KnownAnswer text{.answer = "red blue", .judge = Judge::kWholeText};
  EXPECT_TRUE(is_right(text, "red blue\n"));
  EXPECT_FALSE(is_right(text, "red blue green"));
  EXPECT_TRUE(is_right({.answer = "It is red.", .judge = Judge::kWholeText}, "It is red"));
}

TEST(ExercisesTest, AListIsRightThatEndsWhereItShould) {
  const KnownAnswer list{.answer = "8, 9, 10", .judge = Judge::kWholeText};
  for (const char* right : {"8, 9, 10", " 8, 9, 10\n", "8, 9, 10.", "8, 9, 10 .\n"}) {
    EXPECT_TRUE(is_right(list, right)) << right;
  }
  for (const char* wrong : {"8, 9, 10, 11, 1", "8, 9, 10,", "8, 9, 10. 11", "8, 9, 10..", "8, 9, 10 11", "8, 9, 100",
                            "8, 9", "8, 9,", "7, 8, 9, 10", "8, 10", "", "."}) {
    EXPECT_FALSE(is_right(list, wrong)) << wrong;
  }
}

TEST(ExercisesTest, WhatIsWrongIsNamed) {
  const auto message = [](const char* line) {
    try {
      known_answer(parse_json(line, "line"), "line 3 of p.jsonl");
    } catch (const InvalidInput& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(message(R"({"answer": "1", "judge": "eye"})"),
            "line 3 of p.jsonl: judge: expected one of last-number, whole-text, got \"eye\"");
  EXPECT_EQ(message(R"({"answer": ["1"]})"), "line 3 of p.jsonl: answer: expected a text or a number, got [\"1\"]");
  EXPECT_EQ(message(R"({"answer": "one", "judge": "last-number"})"),
            "line 3 of p.jsonl: answer: expected a number, got \"one\"");
  EXPECT_EQ(message(R"({"answer": " "})"), "line 3 of p.jsonl: answer: expected a text that is not empty, got \" \"");
  EXPECT_EQ(message(R"({"answer": "."})"), "line 3 of p.jsonl: answer: expected a text that is not empty, got \".\"");
  EXPECT_EQ(message(R"({"answer": "1", "kind": 2})"), "line 3 of p.jsonl: kind: expected a text, got 2");
}

/// The set that ships: 80 of each kind, no question twice, each answer is right by its own rule, and no text is that
/// goes on past it.
TEST(ExercisesTest, TheShippedSetIsWhole) {
  std::map<std::string, int> num_of_kind;
  std::set<std::string> prompts;
  std::istringstream lines(read_text(test_data("exercises/exercises.jsonl")));
  for (std::string line; std::getline(lines, line);) {
    const Json object = parse_json(line, "exercises.jsonl");
    const KnownAnswer exercise = known_answer(object, "exercises.jsonl").value();
    ++num_of_kind[exercise.kind];
    EXPECT_TRUE(prompts.insert(object.at("prompt").as_string()).second) << line;
    EXPECT_TRUE(is_right(exercise, exercise.answer)) << line;
    EXPECT_FALSE(is_right(exercise, exercise.answer + ", 7777")) << line;
  }
  const std::map<std::string, int> expected = {
      {"arithmetic", 80}, {"copying", 80}, {"counting", 80}, {"equations", 80}, {"shopping", 80}};
  EXPECT_EQ(num_of_kind, expected);
}

}  // namespace
}  // namespace wedlm
