#include "cli/program.h"

#include <gtest/gtest.h>

namespace wedlm::cli {
namespace {

TEST(ProgramTest, TheClosestNameIsSuggestedWhereOneIsNear) {
  const std::vector<std::string> names = {"--max-tokens", "--max-num-seqs", "--model", "--mode", "-n"};
  EXPECT_EQ(closest("--max-token", names), "--max-tokens");
  EXPECT_EQ(closest("--max_tokens", names), "--max-tokens");
  EXPECT_EQ(closest("--modl", names), "--model");
  EXPECT_EQ(closest("--temperature", names), "");
  EXPECT_EQ(closest("-x", names), "");
}

TEST(ProgramTest, MessagesStayOnOneLine) {
  EXPECT_EQ(on_one_line("a\nb\x1b[31mc\x7F"), "a\\nb\\x1b[31mc\\x7f");
  EXPECT_EQ(on_one_line("Ü\xFF"), "Ü\xEF\xBF\xBD");
}

}  // namespace
}  // namespace wedlm::cli
