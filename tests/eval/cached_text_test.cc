// Rows after a text whose keys and values were kept say what the whole text says at once, to the bit.
#include "wedlm/eval/cached_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/engine_fixtures.h"
#include "wedlm/base/error.h"

namespace wedlm {
namespace {

using testing::HasSubstr;
using Tokens = std::vector<TokenId>;
using Logits = std::vector<float>;

std::ptrdiff_t row_size() {
  return static_cast<std::ptrdiff_t>(tiny().config().vocab_size);
}

Logits rows_of(const Logits& logits, std::ptrdiff_t first, std::ptrdiff_t end) {
  return {logits.begin() + first * row_size(), logits.begin() + end * row_size()};
}

Tokens part(const Tokens& tokens, std::ptrdiff_t first, std::ptrdiff_t end) {
  return {tokens.begin() + first, tokens.begin() + end};
}

template <class Call>
std::string refusal(Call call) {
  try {
    call();
  } catch (const InvalidInput& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(CachedTextTest, RowsThatFollowAreThoseOfTheWholeText) {
  const Tokens whole = prompt(20);
  const Logits expected = CachedText(tiny(), whole, TextRows::kAll).take_logits();
  ASSERT_EQ(std::ssize(expected), 20 * row_size());
  CachedText beginning(tiny(), part(whole, 0, 12), TextRows::kLast, 8);
  EXPECT_EQ(beginning.num_tokens(), 12);
  EXPECT_EQ(beginning.logits(), rows_of(expected, 11, 12));
  const Logits after = rows_of(expected, 12, 20);
  EXPECT_EQ(beginning.logits_after(part(whole, 12, 20), {12, 13, 14, 15, 16, 17, 18, 19}), after);
  EXPECT_EQ(beginning.logits_after(part(whole, 12, 20), {12, 13, 14, 15, 16, 17, 18, 19}), after) << "nothing is kept";
}

TEST(CachedTextTest, ContinuationsDoNotSeeEachOther) {
  const Tokens text = prompt(9);
  const std::vector<Tokens> continuations = {{5, 6, 7}, {}, {8}, {5, 6}};
  CachedText cached(tiny(), text, TextRows::kLast, 3);
  const Logits together = cached.logits_after(continuations);
  Logits alone;
  for (const Tokens& continuation : continuations) {
    Tokens whole = text;
    whole.insert(whole.end(), continuation.begin(), continuation.end());
    const Logits rows = rows_of(CachedText(tiny(), whole, TextRows::kAll).logits(), 9, std::ssize(whole));
    alone.insert(alone.end(), rows.begin(), rows.end());
  }
  EXPECT_EQ(together, alone);
  EXPECT_TRUE(cached.logits_after(std::vector<Tokens>{}).empty());
}

TEST(CachedTextTest, RefusesWhatTheModelCannotRead) {
  EXPECT_THAT(refusal([] { CachedText(tiny(), {}, TextRows::kAll); }), HasSubstr("empty"));
  EXPECT_THAT(refusal([] {
                CachedText(tiny(), {1, 331}, TextRows::kAll);
              }),
              HasSubstr("the text's token 331 is outside the vocabulary of 331"));
  EXPECT_THAT(refusal([] { CachedText(tiny(), Tokens(100'000, 1), TextRows::kAll); }), HasSubstr("100000 tokens"));
  CachedText cached(tiny(), {1}, TextRows::kLast, 1);
  EXPECT_THAT(refusal([&] { cached.logits_after({-1}, {1}); }), HasSubstr("token -1 is outside"));
}

}  // namespace
}  // namespace wedlm
