#include "wedlm/base/named.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wedlm {
namespace {

enum class Fruit { kApple, kPear, kUnnamed };
constexpr std::array kFruits = {Named{Fruit::kApple, "apple"}, Named{Fruit::kPear, "pear"},
                                Named{Fruit::kPear, "poire"}};

TEST(NamedTest, EachNameIsReadAndTheFirstIsWritten) {
  EXPECT_EQ(parse_named("fruit", "apple", kFruits), Fruit::kApple);
  EXPECT_EQ(parse_named("fruit", "poire", kFruits), Fruit::kPear);
  EXPECT_EQ(name_of(Fruit::kPear, kFruits), "pear");
  EXPECT_THAT(names_of(kFruits), testing::ElementsAre("apple", "pear", "poire"));
}

TEST(NamedTest, AnUnknownNameIsToldWhatThereIs) {
  try {
    parse_named("fruit", "app\nle", kFruits);
    FAIL();
  } catch (const InvalidInput& error) {
    EXPECT_STREQ(error.what(), R"(fruit: expected one of apple, pear, poire, got "app\nle")");
  }
  EXPECT_EQ(unknown_name("", names_of(kFruits), ""), R"(expected one of apple, pear, poire, got "")");
}

TEST(NamedTest, AValueWithoutANameIsAFaultOfOurs) {
  EXPECT_THROW(name_of(Fruit::kUnnamed, kFruits), InternalError);
}

TEST(NamedTest, TheClosestNameIsSuggestedWhereOneIsNear) {
  const std::vector<std::string> names = {"--max-tokens", "--max-num-seqs", "--model", "--mode", "-n"};
  EXPECT_EQ(closest("--max-token", names), "--max-tokens");
  EXPECT_EQ(closest("--max_tokens", names), "--max-tokens");
  EXPECT_EQ(closest("--modl", names), "--model");
  EXPECT_EQ(closest("--temperature", names), "");
  EXPECT_EQ(closest("-x", names), "");
  EXPECT_EQ(did_you_mean("--modl", names), " (did you mean --model?)");
  EXPECT_EQ(did_you_mean("-x", names), "");
}

}  // namespace
}  // namespace wedlm
