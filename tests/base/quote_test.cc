#include "wedlm/base/quote.h"

#include <gtest/gtest.h>

namespace wedlm {
namespace {

TEST(QuoteTest, MessagesStayOnOneLine) {
  EXPECT_EQ(on_one_line("a\nb\x1b[31mc\x7F"), "a\\nb\\x1b[31mc\\x7f");
  EXPECT_EQ(on_one_line("Ü\xFF"), "Ü\xEF\xBF\xBD");
}

TEST(QuoteTest, LongTextsLoseTheirMiddle) {
  const std::string text = quote(std::string(100, 'a') + std::string(5000, 'b') + std::string(100, 'c'));
  EXPECT_LE(text.size(), 205U);
  EXPECT_TRUE(text.starts_with("\"aaa"));
  EXPECT_TRUE(text.ends_with("ccc\""));
}

}  // namespace
}  // namespace wedlm
