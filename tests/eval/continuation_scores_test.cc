// Log-probabilities of continuations are those that the logits of prompt and continuation in one text have.
#include "wedlm/eval/continuation_scores.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/engine_fixtures.h"
#include "tests/engine/text_logits.h"
#include "wedlm/base/error.h"
#include "wedlm/eval/cached_text.h"

namespace wedlm {
namespace {

using testing::HasSubstr;
using Tokens = std::vector<TokenId>;

/// By the logits of the whole text.
ContinuationScore expected_score(const Tokens& prompt, const Tokens& continuation) {
  Tokens whole = prompt;
  whole.insert(whole.end(), continuation.begin(), continuation.end());
  const std::vector<float> logits = CachedText(tiny(), whole, TextRows::kAll).take_logits();
  const std::int64_t vocab_size = tiny().config().vocab_size;
  ContinuationScore score;
  for (std::size_t i = prompt.size(); i < whole.size(); ++i) {
    const auto row = logits.begin() + static_cast<std::int64_t>(i - 1) * vocab_size;
    const std::vector<double> log_probs = log_softmax({row, row + vocab_size});
    const double log_prob = log_probs[static_cast<std::size_t>(whole[i])];
    score.log_probs.push_back(static_cast<float>(log_prob));
    score.is_greedy = score.is_greedy && log_prob == *std::ranges::max_element(log_probs);
  }
  return score;
}

TEST(ContinuationScoresTest, AreThoseOfTheWholeText) {
  const Tokens text = prompt(11);
  Tokens greedy_one;
  for (int i = 0; i < 3; ++i) {
    Tokens so_far = text;
    so_far.insert(so_far.end(), greedy_one.begin(), greedy_one.end());
    const std::vector<float> row = CachedText(tiny(), so_far, TextRows::kLast).take_logits();
    greedy_one.push_back(static_cast<TokenId>(std::ranges::max_element(row) - row.begin()));
  }
  // More than one forward takes, and one that needs a forward of its own.
  std::vector<Tokens> continuations = {{3}, greedy_one, {1, 2, 3, 4}};
  for (int i = 0; i < 300; ++i) continuations.push_back({i, (i * 7) % 331, 5});
  const std::vector<ContinuationScore> scores = score_continuations(tiny(), text, continuations);
  ASSERT_EQ(scores.size(), continuations.size());
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const ContinuationScore expected = expected_score(text, continuations[i]);
    ASSERT_EQ(scores[i].log_probs.size(), expected.log_probs.size());
    for (std::size_t k = 0; k < expected.log_probs.size(); ++k) {
      EXPECT_NEAR(scores[i].log_probs[k], expected.log_probs[k], 1e-5F) << i << ", " << k;
    }
    EXPECT_EQ(scores[i].is_greedy, expected.is_greedy) << i;
  }
  EXPECT_TRUE(scores[1].is_greedy);
  EXPECT_TRUE(score_continuations(tiny(), text, {}).empty());
}

TEST(ContinuationScoresTest, RefuseWhatCannotBeScored) {
  const auto refusal = [](const Tokens& text, const std::vector<Tokens>& continuations) -> std::string {
    try {
      score_continuations(tiny(), text, continuations);
    } catch (const InvalidInput& error) {
      return error.what();
    }
    return "nothing was thrown";
  };
  EXPECT_THAT(refusal({1}, {{2}, {}}), HasSubstr("a continuation is empty"));
  EXPECT_THAT(refusal({}, {{2}}), HasSubstr("empty"));
  EXPECT_THAT(refusal({1}, {{400}}), HasSubstr("the continuation's token 400 is outside the vocabulary of 331"));
  EXPECT_THAT(refusal({1}, {Tokens(100'000, 1)}), HasSubstr("100001 tokens together"));
}

}  // namespace
}  // namespace wedlm
