#include "wedlm/load/load_prompts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "wedlm/load/words.h"

namespace wedlm::load {
namespace {

std::int64_t num_words(const std::string& text) {
  return std::count(text.begin(), text.end(), ' ') + 1;
}

std::string first_words(const std::string& text, int count) {
  std::size_t end = 0;
  for (int i = 0; i < count; ++i) end = text.find(' ', end + 1);
  return text.substr(0, end);
}

TEST(LoadPromptsTest, WordsAreAllDifferent) {
  EXPECT_EQ(std::set<std::string_view>(kWords.begin(), kWords.end()).size(), kWords.size());
}

TEST(LoadPromptsTest, MadeOnesHaveTheirLengthAndBeginDifferently) {
  const MadePrompts made{.num_words = 30, .seed = 5};
  std::set<std::string> first, two;
  for (int i = 0; i < 2000; ++i) {
    const std::string text = made_prompt(made, i);
    EXPECT_EQ(num_words(text), 30);
    if (i < 256) first.insert(first_words(text, 1));
    two.insert(first_words(text, 2));
  }
  EXPECT_EQ(first.size(), 256U);
  EXPECT_EQ(two.size(), 2000U);
  EXPECT_EQ(num_words(made_prompt({.num_words = 1}, 3)), 1);
}

TEST(LoadPromptsTest, TheSharedBeginningIsTheSameAndTheRestIsNot) {
  const MadePrompts made{.num_words = 5, .num_shared_words = 20};
  const std::string one = made_prompt(made, 0), other = made_prompt(made, 1);
  EXPECT_EQ(num_words(one), 25);
  EXPECT_EQ(first_words(one, 20), first_words(other, 20));
  EXPECT_NE(first_words(one, 21), first_words(other, 21));
}

TEST(LoadPromptsTest, ASeedRepeatsThemAndAnotherDoesNot) {
  EXPECT_EQ(made_prompt({.seed = 1}, 9), made_prompt({.seed = 1}, 9));
  EXPECT_NE(made_prompt({.seed = 1}, 9), made_prompt({.seed = 2}, 9));
  EXPECT_NE(made_prompt({.num_shared_words = 5, .seed = 1}, 9), made_prompt({.num_shared_words = 5, .seed = 2}, 9));
}

TEST(LoadPromptsTest, MembersAreThoseOfTheEndpoint) {
  const LoadPrompts made(MadePrompts{.num_words = 3});
  const Json chat = made.members(Endpoint::kChat, 4);
  EXPECT_EQ(chat.at("messages").as_array().at(0).at("role").as_string(), "user");
  EXPECT_EQ(chat.at("messages").as_array().at(0).at("content").as_string(), made_prompt({.num_words = 3}, 4));
  EXPECT_EQ(made.members(Endpoint::kCompletions, 4).at("prompt").as_string(), made_prompt({.num_words = 3}, 4));
  EXPECT_EQ(endpoint_path(Endpoint::kChat), "/chat/completions");
  EXPECT_EQ(endpoint_path(Endpoint::kCompletions), "/completions");
}

TEST(LoadPromptsTest, GivenOnesTakeTurns) {
  const LoadPrompts given({Json::object({{"prompt", "a"}}), Json::object({{"prompt", "b"}})});
  EXPECT_EQ(given.members(Endpoint::kCompletions, 0).at("prompt").as_string(), "a");
  EXPECT_EQ(given.members(Endpoint::kCompletions, 1).at("prompt").as_string(), "b");
  EXPECT_EQ(given.members(Endpoint::kCompletions, 6).at("prompt").as_string(), "a");
}

}  // namespace
}  // namespace wedlm::load
