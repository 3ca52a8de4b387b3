#include "wedlm/frontend/conversation.h"

#include <gtest/gtest.h>

#include "tests/support/data.h"

namespace wedlm {
namespace {

class ConversationTest : public testing::Test {
 protected:
  /// Turns of equal length until the first is forgotten; returns how many messages that are.
  std::size_t talk_until_something_is_forgotten(std::size_t room) {
    for (int turn = 0; turn < 1000; ++turn) {
      conversation_.add_user("question");
      const Conversation::Encoded encoded = conversation_.encode(encoder_, room);
      if (encoded.num_forgotten > 0) return encoded.num_forgotten;
      conversation_.add_assistant("answer");
    }
    return 0;
  }

  std::size_t num_messages() const { return conversation_.prompt().messages.as_array().size(); }

  Tokenizer tokenizer_ = Tokenizer::load(nano_model());
  ChatTemplate template_{"{% for m in messages %}{{ m.content }};{% endfor %}"};
  PromptEncoder encoder_{tokenizer_, &template_};
  Conversation conversation_{"Be brief."};
};

TEST_F(ConversationTest, AThirdIsForgottenAtOnceAndTheSystemMessageStays) {
  const std::size_t room = 300;
  const std::size_t forgotten = talk_until_something_is_forgotten(room);
  const std::size_t left = num_messages();
  EXPECT_GE(forgotten * 2 + 4, left) << "about a third of all";
  EXPECT_LE(forgotten, left);
  EXPECT_EQ(conversation_.prompt().messages.as_array().front().at("content").as_string(), "Be brief.");
  conversation_.add_assistant("answer");
  // The next turns leave the beginning as it is.
  const std::vector<TokenId> before = encoder_.encode(conversation_.prompt());
  for (int turn = 0; turn < 5; ++turn) {
    conversation_.add_user("question");
    const Conversation::Encoded encoded = conversation_.encode(encoder_, room);
    EXPECT_EQ(encoded.num_forgotten, 0U);
    EXPECT_TRUE(std::equal(before.begin(), before.end(), encoded.prompt.begin()));
    conversation_.add_assistant("answer");
  }
}

TEST_F(ConversationTest, TheLastMessageStaysWhateverItsLength) {
  conversation_.add_user("question");
  conversation_.add_assistant("answer");
  conversation_.add_user(std::string(2000, '7'));
  const Conversation::Encoded encoded = conversation_.encode(encoder_, 100);
  EXPECT_EQ(encoded.num_forgotten, 2U);
  EXPECT_GT(encoded.prompt.size(), 100U);
  EXPECT_EQ(num_messages(), 2U);
}

TEST_F(ConversationTest, WhatWasNotAnsweredIsTakenBack) {
  conversation_.add_user("one");
  conversation_.take_back();
  conversation_.add_user("two");
  EXPECT_EQ(num_messages(), 2U);
  conversation_.set_system(std::nullopt);
  conversation_.add_user("three");
  EXPECT_EQ(num_messages(), 1U);
}

TEST_F(ConversationTest, TemplateArgumentsAreThoseOfEveryTurn) {
  Conversation thinking(std::nullopt, Json::object({{"enable_thinking", false}}));
  thinking.add_user("one");
  EXPECT_EQ(thinking.prompt().template_arguments.at("enable_thinking"), Json(false));
}

}  // namespace
}  // namespace wedlm
