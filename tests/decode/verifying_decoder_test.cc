// The verifying decoder against a made-up model: the next token is a function of all that stands before it, and masks
// guess it rightly or wrongly at random. Whatever the window and the rules are, the text is that of one token at a
// time.
#include "wedlm/decode/verifying_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "wedlm/base/error.h"

namespace wedlm {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsNan;
using Tokens = std::vector<TokenId>;

constexpr TokenId kAlphabet = 7;

class FakeModel {
 public:
  /// `memory` tokens decide about the next one: few make a text that repeats itself.
  FakeModel(std::uint32_t seed, std::size_t memory) : seed_(seed), memory_(memory) {}

  TokenId next(const Tokens& prefix) const {
    std::uint32_t hash = seed_;
    for (std::size_t i = prefix.size() - std::min(memory_, prefix.size()); i < prefix.size(); ++i) {
      hash = (hash ^ static_cast<std::uint32_t>(prefix[i] + 1)) * 0x9E3779B1U;
      hash ^= hash >> 15;
    }
    return static_cast<TokenId>(hash % static_cast<std::uint32_t>(kAlphabet));
  }

  Tokens continue_text(Tokens prefix, int count) const {
    const auto start = static_cast<std::ptrdiff_t>(prefix.size());
    for (int i = 0; i < count; ++i) prefix.push_back(next(prefix));
    return {prefix.begin() + start, prefix.end()};
  }

 private:
  std::uint32_t seed_;
  std::size_t memory_;
};

bool is_same(const WindowRow& a, const WindowRow& b) {
  return a.kind == b.kind && a.token == b.token && a.offset == b.offset && a.wants_prediction == b.wants_prediction &&
         a.scored == b.scored;
}

class Drive {
 public:
  Drive(const FakeModel& model, const SamplingParams& params, double mask_quality, DraftStatistics& statistics,
        std::uint32_t seed)
      : model_(model), params_(params), mask_quality_(mask_quality), random_(seed), decoder_(params, statistics) {}

  Tokens run(const Tokens& prompt, int max_tokens) {
    known_ = prompt;
    Tokens text;
    while (static_cast<int>(text.size()) < max_tokens && !testing::Test::HasFailure()) {
      const Tokens tokens = step(max_tokens - static_cast<int>(text.size()));
      text.insert(text.end(), tokens.begin(), tokens.end());
      known_.insert(known_.end(), tokens.begin(), tokens.end());
      ++num_forwards;
    }
    check_counts();
    return text;
  }

  int num_forwards = 0;
  int num_accepted = 0;
  int num_refused = 0;

 private:
  double uniform() { return std::uniform_real_distribution<double>()(random_); }

  int max_rows(int tokens_left) {
    if (params_.window_size) return std::numeric_limits<int>::max();
    const auto values = decoder_.row_values({.known = known_, .tokens_left = tokens_left});
    EXPECT_TRUE(std::ranges::is_sorted(values, std::ranges::greater()));
    EXPECT_LE(values.size(), static_cast<std::size_t>(kMaxAutoWindow));
    return static_cast<int>(random_() % (values.size() + 1));
  }

  WindowRows rows(int tokens_left) {
    const RowRequest request{.known = known_, .tokens_left = tokens_left, .max_rows = max_rows(tokens_left)};
    const WindowRows rows = decoder_.rows(request);
    const WindowRows again = decoder_.rows(request);
    EXPECT_TRUE(std::ranges::equal(rows.rows, again.rows, is_same) && rows.num_drafts == again.num_drafts &&
                rows.scored_after_known == again.scored_after_known);
    EXPECT_LE(static_cast<int>(rows.rows.size()), std::min(request.max_rows, max_window_rows(params_)));
    EXPECT_TRUE(rows.predict_after_known);
    EXPECT_LT(rows.num_drafts, tokens_left) << "the token after the drafts is text too";
    for (std::size_t i = 0; i < rows.rows.size(); ++i) {
      const bool is_draft = i < static_cast<std::size_t>(rows.num_drafts);
      EXPECT_EQ(rows.rows[i].kind, is_draft ? WindowRow::Kind::kToken : WindowRow::Kind::kMask);
      EXPECT_EQ(rows.rows[i].offset, static_cast<std::int32_t>(i)) << "without gaps";
      EXPECT_EQ(rows.rows[i].wants_prediction, static_cast<int>(i) != rows.num_drafts) << "but for the first mask";
    }
    return rows;
  }

  Tokens step(int tokens_left) {
    const WindowRows rows = this->rows(tokens_left);
    Tokens text = known_;
    std::vector<Prediction> predictions = {{.sampled = model_.next(text)}};
    Tokens drafts;
    std::size_t expected_accepted = 0;
    for (const WindowRow& row : rows.rows) {
      if (row.kind == WindowRow::Kind::kToken) {
        const bool is_right = row.token == predictions.back().sampled;
        if (is_right && expected_accepted == drafts.size()) ++expected_accepted;
        drafts.push_back(row.token);
        text.push_back(row.token);
        predictions.push_back({.sampled = model_.next(text)});
      } else if (row.wants_prediction) {
        predictions.push_back(guess(model_.continue_text(text, row.offset - rows.num_drafts + 1).back()));
      }
    }
    const Advance advance = decoder_.advance(predictions);
    EXPECT_EQ(advance.num_cached, static_cast<int>(expected_accepted));
    EXPECT_EQ(advance.tokens.size(), expected_accepted + 1);
    EXPECT_LE(static_cast<int>(advance.tokens.size()), tokens_left);
    const auto rest = drafts.begin() + static_cast<std::ptrdiff_t>(expected_accepted);
    EXPECT_TRUE(std::ranges::equal(decoder_.rejected(), std::span(rest, drafts.end())));
    num_accepted += advance.num_cached;
    num_refused += rest != drafts.end() ? 1 : 0;
    return advance.tokens;
  }

  Prediction guess(TokenId truth) {
    const bool is_right = uniform() < mask_quality_;
    return {.sampled = is_right ? truth : static_cast<TokenId>(random_() % kAlphabet),
            .entropy = static_cast<float>(2 * uniform()),
            .sampled_certainty = static_cast<float>(std::log(0.01 + 0.99 * uniform()))};
  }

  void check_counts() const {
    const DraftCounts& counts = *decoder_.draft_counts();
    EXPECT_EQ(std::reduce(counts.accepted.begin(), counts.accepted.end()), num_accepted);
    EXPECT_EQ(std::reduce(counts.verified.begin(), counts.verified.end()), num_accepted + num_refused);
    for (std::size_t i = 0; i < counts.verified.size(); ++i) {
      EXPECT_LE(counts.accepted[i], counts.verified[i]);
      if (i == 0) continue;
      EXPECT_LE(counts.verified[i], counts.accepted[i - 1]) << "after an accepted one only";
    }
  }

  const FakeModel& model_;
  SamplingParams params_;
  double mask_quality_;
  std::mt19937 random_;
  VerifyingDecoder decoder_;
  Tokens known_;
};

SamplingParams random_params(std::mt19937& random) {
  std::uniform_real_distribution<float> real;
  SamplingParams params;
  const bool is_exact = random() % 2 == 0;
  params.mode = is_exact ? DecodeMode::kExact : DecodeMode::kGated;
  params.gate = Gate::kEquality;
  if (random() % 3 != 0) params.window_size = 1 + static_cast<std::int32_t>(random() % 32);
  params.draft_threshold = random() % 6 == 0 ? static_cast<float>(random() % 2) : real(random);
  params.prompt_lookup = random() % 2 == 0;
  params.max_per_step = random() % 4 == 0 ? static_cast<std::int32_t>(random() % 5) : 0;
  params.entropy_threshold = 2 * real(random) + 0.01F;
  params.joint_entropy = 2 * real(random);
  if (random() % 3 == 0) params.agreement = 0.01F + 0.98F * real(random);
  return params;
}

TEST(VerifyingDecoderTest, TheTextIsThatOfOneTokenAtATime) {
  std::mt19937 random(6);
  DraftStatistics statistics;  // of all of them together, as in an engine
  int num_tokens = 0, num_forwards = 0, num_accepted = 0, num_refused = 0;
  for (int repeat = 0; repeat < 1500; ++repeat) {
    const FakeModel model(random(), random() % 3 == 0 ? 2 : 1000);
    const SamplingParams params = random_params(random);
    Tokens prompt(1 + random() % 20);
    for (TokenId& token : prompt) token = static_cast<TokenId>(random() % kAlphabet);
    const int max_tokens = 1 + static_cast<int>(random() % 60);
    Drive drive(model, params, std::uniform_real_distribution<double>()(random), statistics, random());
    ASSERT_EQ(drive.run(prompt, max_tokens), model.continue_text(prompt, max_tokens)) << "case " << repeat;
    if (HasFailure()) FAIL() << "case " << repeat;
    num_tokens += max_tokens;
    num_forwards += drive.num_forwards;
    num_accepted += drive.num_accepted;
    num_refused += drive.num_refused;
  }
  EXPECT_LT(num_forwards, num_tokens * 9 / 10);
  EXPECT_EQ(num_forwards + num_accepted, num_tokens);
  EXPECT_GT(num_refused, 500);
}

TEST(VerifyingDecoderTest, RightGuessesAreAllTaken) {
  const FakeModel model(1, 1000);
  DraftStatistics statistics;
  const SamplingParams params{
      .mode = DecodeMode::kExact, .window_size = 8, .draft_threshold = 0, .prompt_lookup = false};
  Drive drive(model, params, 1, statistics, 1);
  drive.run({1, 2, 3}, 81);
  // One token, and then seven guesses of the eight masks and the token after them in each forward.
  EXPECT_EQ(drive.num_forwards, 11);
}

TEST(VerifyingDecoderTest, ARepetitionNeedsNoMasks) {
  const FakeModel model(3, 1);  // the token before decides: after at most seven tokens it goes round
  DraftStatistics statistics;
  SamplingParams params{.mode = DecodeMode::kExact, .window_size = 8, .draft_threshold = 0};
  Drive with(model, params, 0, statistics, 1);
  with.run({1, 2, 3}, 100);
  EXPECT_LT(with.num_forwards, 40);
  params.draft_threshold = 1;
  Drive without(model, params, 1, statistics, 1);
  without.run({1, 2, 3}, 100);
  EXPECT_EQ(without.num_forwards, 100) << "nothing is above 1";
}

std::vector<Prediction> answers(std::initializer_list<TokenId> tokens) {
  std::vector<Prediction> predictions;
  for (const TokenId token : tokens) predictions.push_back({.sampled = token, .entropy = 0.01F});
  return predictions;
}

TEST(VerifyingDecoderTest, TheGateKeepsWhatIsLikelyAndReplacesTheFirstThatIsNot) {
  DraftStatistics statistics;
  const SamplingParams params{
      .mode = DecodeMode::kGated, .window_size = 4, .prompt_lookup = false, .gate_epsilon = 0.25F, .gate_delta = 1};
  VerifyingDecoder decoder(params, statistics);
  const Tokens known = {1, 2};
  const RowRequest request{.known = known, .tokens_left = 100};
  EXPECT_EQ(decoder.rows(request).scored_after_known, kNoToken);
  EXPECT_THAT(decoder.advance(answers({10, 11, 12, 13})).tokens, ElementsAre(10));
  EXPECT_EQ(decoder.window().size(), 7U) << "three drafts and four masks";
  EXPECT_THAT(decoder.entropies(), ElementsAre(0.01F, 0.01F, 0.01F, IsNan(), IsNan(), IsNan(), IsNan()));

  const WindowRows rows = decoder.rows(request);
  ASSERT_EQ(rows.num_drafts, 3);
  EXPECT_EQ(rows.scored_after_known, 11);
  EXPECT_EQ(rows.rows[0].scored, 12);
  EXPECT_EQ(rows.rows[1].scored, 13);
  EXPECT_EQ(rows.rows[2].scored, kNoToken);
  std::vector<Prediction> predictions = answers({50, 60, 70, 80, 90, 91, 92});
  predictions[0].drawn_log_prob = std::log(0.3F);   // 11 stays, though the row would rather have said 50
  predictions[1].drawn_log_prob = std::log(0.2F);   // 12 does not: 60 stands there
  predictions[2].drawn_log_prob = std::log(0.99F);  // 13 stood after 12
  predictions[0].scored_log_prob = -3;
  predictions[1].sampled_log_prob = -4;
  const Advance advance = decoder.advance(predictions);
  EXPECT_THAT(advance.tokens, ElementsAre(11, 60));
  EXPECT_EQ(advance.num_cached, 1);
  ASSERT_EQ(advance.scores.size(), 2U);
  EXPECT_EQ(advance.scores[0].log_prob, -3) << "what the row that verified it says of it";
  EXPECT_EQ(advance.scores[1].log_prob, -4) << "of the row's own choice";
  EXPECT_THAT(decoder.rejected(), ElementsAre(12, 13));
  EXPECT_THAT(decoder.draft_counts()->verified, ElementsAre(1, 1));
  EXPECT_THAT(decoder.draft_counts()->accepted, ElementsAre(1, 0));
  EXPECT_EQ(decoder.rows(request).num_drafts, 0) << "the masks saw a wrong token";
  EXPECT_EQ(decoder.rows(request).rows.size(), 4U);
}

TEST(VerifyingDecoderTest, AGatedRequestWithASeedKnowsNoOtherAndNoClock) {
  SamplingParams params{.mode = DecodeMode::kGated, .seed = 3};
  const FakeModel model(4, 1000);
  DraftStatistics shared, untouched;
  for (int i = 0; i < 500; ++i) shared.profile.observe_accepted(0, 8, 8, 8);
  const Draft likely{.token = 1, .entropy = 0.01F, .probability = 0.99F};
  for (int i = 0; i < 500; ++i) shared.calibration.observe(likely, false, false);
  VerifyingDecoder alone(params, untouched), beside(params, shared);
  Tokens known = {1, 2, 3};
  std::mt19937 random(1);
  std::size_t most_rows = 0;
  for (int forward = 0; forward < 40; ++forward) {
    const RowRequest request{.known = known, .tokens_left = 1000};
    EXPECT_THAT(beside.row_values(request), IsEmpty()) << "nobody else chooses its rows";
    const WindowRows rows = alone.rows(request);
    RowRequest other = request;
    other.max_rows = static_cast<int>(random() % 20);
    const WindowRows others = beside.rows(other);
    ASSERT_TRUE(std::ranges::equal(rows.rows, others.rows, is_same)) << "forward " << forward;
    most_rows = std::max(most_rows, rows.rows.size());
    std::vector<Prediction> predictions(1 + rows.rows.size());
    std::erase_if(predictions, [&, i = 0](const Prediction&) mutable { return i++ == rows.num_drafts + 1; });
    for (Prediction& it : predictions) {
      it = {.sampled = static_cast<TokenId>(random() % 3), .entropy = 0.2F, .sampled_log_prob = -0.1F};
      it.drawn_log_prob = random() % 4 == 0 ? -9 : 0;
    }
    const Advance advance = alone.advance(predictions);
    ASSERT_EQ(beside.advance(predictions).tokens, advance.tokens);
    known.insert(known.end(), advance.tokens.begin(), advance.tokens.end());
  }
  EXPECT_GT(most_rows, 4U);
  EXPECT_EQ(untouched.profile.accepted(4), DraftStatistics().profile.accepted(4));
  params.gate = Gate::kEquality;
  VerifyingDecoder equality(params, shared);
  EXPECT_FALSE(equality.row_values({.known = known, .tokens_left = 1000}).empty()) << "its text depends on neither";
}

TEST(VerifyingDecoderTest, NoRowIsAskedForWhatCannotBeSaid) {
  for (int tokens_left = 1; tokens_left <= 8; ++tokens_left) {
    DraftStatistics statistics;
    const SamplingParams params{.mode = DecodeMode::kExact, .window_size = 6, .prompt_lookup = false};
    VerifyingDecoder decoder(params, statistics);
    const Tokens known = {1};
    const WindowRows rows = decoder.rows({.known = known, .tokens_left = tokens_left});
    // This forward says one token, and the next one the token after the guesses: n guesses, of n + 1 masks, need n
    // + 2.
    const int useful = tokens_left <= 2 ? 0 : std::min(6, tokens_left - 1);
    EXPECT_EQ(static_cast<int>(rows.rows.size()), useful);
  }
}

TEST(VerifyingDecoderTest, TheWrongNumberOfAnswersIsOurBug) {
  DraftStatistics statistics;
  VerifyingDecoder decoder({.mode = DecodeMode::kExact, .window_size = 4}, statistics);
  const Tokens known = {1};
  decoder.rows({.known = known, .tokens_left = 50});
  EXPECT_THROW(decoder.advance(answers({1, 2, 3})), InternalError);
  EXPECT_THROW(decoder.advance(answers({1, 2, 3, 4, 5})), InternalError);
}

}  // namespace
}  // namespace wedlm
