// Adjustments against their definitions, which are written here as plain loops over the whole text.
#include "wedlm/decode/logit_adjuster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <optional>
#include <random>

namespace wedlm {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr float kNever = -std::numeric_limits<float>::infinity();
using Tokens = std::vector<TokenId>;

/// The definitions. `text` is the prompt and what comes after it up to the predicted position, nullopt where nobody
/// knows; `to_the_right` are guesses after that position.
std::vector<LogitAdjustment> by_definition(const AdjustmentRules& rules, std::size_t prompt_length,
                                           const std::vector<std::optional<TokenId>>& text, const Tokens& to_the_right,
                                           TokenId vocab_size) {
  std::vector<LogitAdjustment> result;
  for (TokenId token = 0; token < vocab_size; ++token) {
    LogitAdjustment one{.token = token};
    if (rules.logit_bias.contains(token)) one.bias = rules.logit_bias.at(token);
    if (std::ranges::count(rules.suppress_tokens, token) > 0) one.bias = kNever;
    const auto in_text = std::ranges::count(text, std::optional(token)) + std::ranges::count(to_the_right, token);
    const auto in_answer = std::count(text.begin() + static_cast<std::ptrdiff_t>(prompt_length), text.end(), token) +
                           std::ranges::count(to_the_right, token);
    if (in_text > 0) one.divisor = rules.repetition_penalty;
    if (in_answer > 0) one.penalty = static_cast<float>(in_answer) * rules.frequency_penalty + rules.presence_penalty;
    const auto n = static_cast<std::size_t>(rules.no_repeat_ngram_size);
    for (std::size_t end = n; n > 0 && end <= text.size(); ++end) {
      bool is_repeated = text[end - 1] == token;
      for (std::size_t i = 1; i < n; ++i) {
        is_repeated &= text[end - 1 - i].has_value() && text[end - 1 - i] == text[text.size() - i];
      }
      if (is_repeated) one.bias = kNever;
    }
    if (one != LogitAdjustment{.token = token}) result.push_back(one);
  }
  return result;
}

TEST(LogitAdjusterTest, WithoutRulesNothingIsDone) {
  const LogitAdjuster adjuster({}, Tokens{1, 2});
  EXPECT_THAT(adjuster.of_row(Tokens{1, 2}, {}, 0), IsEmpty());
}

TEST(LogitAdjusterTest, EachRuleByItself) {
  const Tokens prompt = {4, 4, 9};
  const auto after_two = [&](const AdjustmentRules& rules) {
    LogitAdjuster adjuster(rules, prompt);
    adjuster.add(7);
    adjuster.add(4);
    return adjuster.of_row(Tokens{4, 4, 9, 7, 4}, {}, 0);
  };
  EXPECT_THAT(after_two({.logit_bias = {{5, 1.5F}, {4, 0.0F}}}),
              ElementsAre(LogitAdjustment{.token = 5, .bias = 1.5F}));
  EXPECT_THAT(after_two({.logit_bias = {{6, 2.0F}}, .suppress_tokens = {6, 1}}),
              ElementsAre(LogitAdjustment{.token = 1, .bias = kNever}, LogitAdjustment{.token = 6, .bias = kNever}));
  EXPECT_THAT(after_two({.repetition_penalty = 1.5F}),
              ElementsAre(LogitAdjustment{.token = 4, .divisor = 1.5F}, LogitAdjustment{.token = 7, .divisor = 1.5F},
                          LogitAdjustment{.token = 9, .divisor = 1.5F}))
      << "once, however often";
  EXPECT_THAT(after_two({.presence_penalty = 0.5F}),
              ElementsAre(LogitAdjustment{.token = 4, .penalty = 0.5F}, LogitAdjustment{.token = 7, .penalty = 0.5F}))
      << "of the answer alone";
  EXPECT_THAT(after_two({.no_repeat_ngram_size = 2}),
              ElementsAre(LogitAdjustment{.token = 4, .bias = kNever}, LogitAdjustment{.token = 9, .bias = kNever}))
      << "4 4 and 4 9 are there";
}

TEST(LogitAdjusterTest, RandomTextsByDefinition) {
  std::mt19937 random(3);
  const auto below = [&](int bound) { return static_cast<int>(random() % static_cast<std::uint32_t>(bound)); };
  constexpr TokenId kVocabSize = 12;
  const auto tokens = [&](int count) {
    Tokens result;
    while (count-- > 0) result.push_back(below(kVocabSize));
    return result;
  };
  int num_bans = 0;
  for (int round = 0; round < 3000; ++round) {
    AdjustmentRules rules;
    if (below(3) == 0) rules.logit_bias = {{below(kVocabSize), 2.0F}, {below(kVocabSize), -1.5F}};
    if (below(3) == 0) rules.suppress_tokens = tokens(2);
    if (below(2) == 0) rules.no_repeat_ngram_size = 1 + below(4);
    if (below(3) == 0) rules.repetition_penalty = 1.25F;
    if (below(3) == 0) rules.frequency_penalty = -0.5F;
    if (below(3) == 0) rules.presence_penalty = 0.25F;

    const Tokens prompt = tokens(1 + below(10));
    Tokens known = prompt;
    LogitAdjuster adjuster(rules, prompt);
    for (const TokenId token : tokens(below(10))) {
      adjuster.add(token);
      known.push_back(token);
    }
    // A window: guesses in some of its positions, one of the others is predicted.
    std::vector<std::optional<TokenId>> window(6);
    for (auto& it : window) {
      if (below(2) == 0) it = below(kVocabSize);
    }
    const auto offset = below(static_cast<int>(window.size()));
    window[static_cast<std::size_t>(offset)].reset();
    std::vector<SeenGuess> guesses;
    std::vector<std::optional<TokenId>> text(known.begin(), known.end());
    Tokens to_the_right;
    for (int i = 0; i < static_cast<int>(window.size()); ++i) {
      const auto& it = window[static_cast<std::size_t>(i)];
      if (i < offset) text.push_back(it);
      if (it) guesses.push_back({.token = *it, .offset = i});
      if (it && i > offset) to_the_right.push_back(*it);
    }
    const auto got = adjuster.of_row(known, guesses, offset);
    ASSERT_EQ(got, by_definition(rules, prompt.size(), text, to_the_right, kVocabSize)) << "round " << round;
    if (rules.no_repeat_ngram_size > 1)
      num_bans += static_cast<int>(std::ranges::count(got, kNever, &LogitAdjustment::bias));
  }
  EXPECT_GT(num_bans, 100);
}

}  // namespace
}  // namespace wedlm
