#include "cli/options/option_group.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/options/help_format.h"
#include "wedlm/base/error.h"

namespace wedlm::cli {
namespace {

TEST(OptionGroupTest, SizesAreInPowersOf1024) {
  EXPECT_EQ(parse_size("1000"), 1000U);
  EXPECT_EQ(parse_size("512K"), 512U << 10);
  EXPECT_EQ(parse_size("512m"), 512U << 20);
  EXPECT_EQ(parse_size("2G"), std::size_t{2} << 30);
  EXPECT_EQ(parse_size("1.5G"), std::size_t{3} << 29);
  for (const char* wrong : {"", "G", "-1", "0", "1e30", "5X", "1 G", "nan", "inf", "99999999T"}) {
    EXPECT_THROW(parse_size(wrong), InvalidInput) << wrong;
  }
}

TEST(OptionGroupTest, NumbersAreFiniteAndWhole) {
  EXPECT_EQ(parse_number("0.4"), 0.4);
  EXPECT_EQ(parse_number("-1e-3"), -1e-3);
  for (const char* wrong : {"", "0.4x", "nan", "inf", "0,4", " 1", "1e999"}) {
    EXPECT_THROW(parse_number(wrong), InvalidInput) << wrong;
  }
}

TEST(OptionGroupTest, ChoicesAreWhatBarsPart) {
  EXPECT_THAT(choices_of("a|bc|d"), testing::ElementsAre("a", "bc", "d"));
  EXPECT_THAT(choices_of("FILE"), testing::IsEmpty());
}

TEST(HelpFormatTest, LinesAreNotLongerThanTheyMayBe) {
  const std::string text = "one two three four five six seven\neight";
  EXPECT_EQ(wrap(text, 13, 2), "one two three\n  four five six\n  seven\n  eight");
  EXPECT_EQ(wrap("", 10, 0), "");
  EXPECT_EQ(wrap("incomprehensibilities of", 10, 0), "incomprehensibilities\nof");
}

}  // namespace
}  // namespace wedlm::cli
