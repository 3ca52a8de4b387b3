#include "wedlm/server/wire/reasoning_split.h"

#include <gtest/gtest.h>

#include <random>

namespace wedlm::server {
namespace {

struct Case {
  std::string text;
  bool begins_inside;
  std::string reasoning;
  std::string content;
};

const std::vector<Case> kCases = {
    {"The answer.", false, "", "The answer."},
    {"", false, "", ""},
    {"<think>\nLet me see.\n</think>\n\nFour.", false, "Let me see.", "Four."},
    {"\n <think>a</think>b", false, "a", "b"},
    {"a\n</think>\n\nb\n", true, "a", "b\n"},
    {"never closed \n", true, "never closed", ""},
    {"<think>a < b </thin k> </think", false, "a < b </thin k> </think", ""},
    {"<think></think>", false, "", ""},
    {"<think>\n\n</think>\n\nOf Qwen3 without thinking.", false, "", "Of Qwen3 without thinking."},
    {"What is <think> here?</think>", false, "", "What is <think> here?</think>"},
    {"<thin", false, "", "<thin"},
    {"  two blanks", false, "", "  two blanks"},
    {"<think>a</think> b </think> c", false, "a", "b </think> c"},
    {"<think>line one\n\nline two</think>é", false, "line one\n\nline two", "é"},
};

TEST(ReasoningSplitTest, TellsThinkingFromTheAnswerHoweverTheTextIsCut) {
  std::mt19937 random(7);
  for (const Case& one : kCases) {
    for (int round = 0; round < 50; ++round) {
      ReasoningSplit split(one.begins_inside);
      ReasoningSplit::Parts sum;
      const auto take = [&sum](const ReasoningSplit::Parts& parts) {
        sum.reasoning += parts.reasoning;
        sum.content += parts.content;
      };
      for (std::size_t begin = 0; begin < one.text.size();) {
        const std::size_t length = round == 0 ? one.text.size() : 1 + random() % 5;
        take(split.add(std::string_view(one.text).substr(begin, length)));
        begin += length;
      }
      take(split.finish());
      EXPECT_EQ(sum.reasoning, one.reasoning) << one.text;
      EXPECT_EQ(sum.content, one.content) << one.text;
    }
  }
}

TEST(ReasoningSplitTest, GivesOutWhatIsCertainAtOnce) {
  ReasoningSplit split(false);
  EXPECT_FALSE(split.is_inside());
  EXPECT_EQ(split.add("<think>\nOne, two").reasoning, "One, two");
  EXPECT_TRUE(split.is_inside());
  EXPECT_EQ(split.add(" \n").reasoning, "") << "it may stand before the closing tag";
  EXPECT_EQ(split.add("three").reasoning, " \nthree");
  EXPECT_EQ(split.add("</thi").reasoning, "");
  EXPECT_EQ(split.add("nk>\n\nFour").content, "Four");
  EXPECT_FALSE(split.is_inside());
}

}  // namespace
}  // namespace wedlm::server
