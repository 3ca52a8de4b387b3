// Log-probabilities and alternatives of committed tokens, against logits that the transformer gives for the whole text
// at once and a softmax that is written here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <random>

#include "tests/engine/engine_fixtures.h"
#include "tests/engine/text_logits.h"
#include "wedlm/base/error.h"
#include "wedlm/engine/engine.h"

namespace wedlm {
namespace {

/// The natural logarithms of the probabilities of each next token, one row for each of `tokens`.
std::vector<std::vector<double>> next_token_log_probs(LoadedModel& model, const std::vector<TokenId>& tokens) {
  std::vector<std::vector<double>> result;
  for (const std::vector<float>& logits : text_logits(model, tokens)) result.push_back(log_softmax(logits));
  return result;
}

bool are_same_bits(const TokenScore& a, const TokenScore& b) {
  const auto same = [](float x, float y) { return std::bit_cast<std::uint32_t>(x) == std::bit_cast<std::uint32_t>(y); };
  return same(a.log_prob, b.log_prob) &&
         std::ranges::equal(a.alternatives, b.alternatives, [&](const TokenLogProb& x, const TokenLogProb& y) {
           return x.token == y.token && same(x.log_prob, y.log_prob);
         });
}

/// As many as were asked for, best first, and the token among them with its own log-probability, or below all of them.
void check_alternatives(TokenId token, const TokenScore& score, std::size_t num_alternatives, TokenId banned) {
  ASSERT_EQ(score.alternatives.size(), num_alternatives);
  EXPECT_TRUE(std::ranges::is_sorted(score.alternatives, std::ranges::greater(), &TokenLogProb::log_prob));
  EXPECT_EQ(std::ranges::count(score.alternatives, banned, &TokenLogProb::token), 0);
  if (num_alternatives == 0) return;
  const auto found = std::ranges::find(score.alternatives, token, &TokenLogProb::token);
  if (found != score.alternatives.end()) {
    EXPECT_EQ(found->log_prob, score.log_prob);
  } else {
    EXPECT_LE(score.log_prob, score.alternatives.back().log_prob);
  }
}

std::vector<Request> requests(LoadedModel& model) {
  std::vector<Request> all;
  for (int i = 0; i < 12; ++i) {
    Request request{
        .prompt = &model == &nano() ? question("Count from " + std::to_string(i) + " to 20.") : prompt(i + 1),
        .params = greedy(40)};
    request.params.temperature = i % 3 == 0 ? 0.0F : 0.5F * static_cast<float>(i % 3);
    request.params.seed = static_cast<std::uint64_t>(i);
    request.params.logprobs = i % 2 == 0 ? 5 : i % 4 == 1 ? 0 : kMaxAlternatives;
    if (i % 4 == 3) request.params.filters.top_k = 30;
    // They change what is chosen and not what is said about it.
    if (i % 3 == 1) request.params.adjustments = {.repetition_penalty = 1.3F, .presence_penalty = 0.5F};
    if (i % 5 == 2) request.params.adjustments.logit_bias = {{5, 3.0F}, {17, -4.0F}};
    all.push_back(std::move(request));
  }
  return all;
}

TEST(LogProbTest, AreThoseOfTheNextTokenRowsInEveryModeThatHasThem) {
  for (LoadedModel* model : {&tiny(), &nano()}) {
    Engine engine(*model, {.max_num_batched_tokens = 90});
    for (Request& request : requests(*model)) {
      for (const DecodeMode mode : {DecodeMode::kAutoregressive, DecodeMode::kExact, DecodeMode::kGated}) {
        request.params.mode = mode;
        request.params.window_size = 8;
        request.params.gate_epsilon = 0.1F;
        const Result result = engine.submit(request)->wait();
        std::vector<TokenId> all = request.prompt;
        all.insert(all.end(), result.token_ids.begin(), result.token_ids.end());
        const auto expected = next_token_log_probs(*model, all);
        ASSERT_EQ(result.scores.size(), result.token_ids.size());
        double sum = 0, expected_sum = 0;
        for (std::size_t i = 0; i < result.scores.size(); ++i) {
          const std::vector<double>& row = expected[request.prompt.size() - 1 + i];
          check_alternatives(result.token_ids[i], result.scores[i], static_cast<std::size_t>(*request.params.logprobs),
                             model->config().mask_token_id);
          for (const TokenLogProb& it : result.scores[i].alternatives) {
            ASSERT_NEAR(it.log_prob, row[static_cast<std::size_t>(it.token)], 1e-4);
          }
          sum += static_cast<double>(result.scores[i].log_prob);
          expected_sum += row[static_cast<std::size_t>(result.token_ids[i])];
        }
        EXPECT_NEAR(sum, expected_sum, 1e-3) << mode_name(mode);
      }
    }
  }
}

TEST(LogProbTest, OfTheExactModeAreTheAutoregressiveOnesToTheBit) {
  for (LoadedModel* model : {&tiny(), &nano()}) {
    Engine engine(*model, {});
    std::int64_t num_accepted = 0;
    for (Request& request : requests(*model)) {
      request.params.mode = DecodeMode::kAutoregressive;
      const Result plain = engine.submit(request)->wait();
      request.params.mode = DecodeMode::kExact;
      request.params.draft_threshold = 0;
      request.params.window_size = 8;  // so that there are drafts whatever a row costs here
      const Result exact = engine.submit(request)->wait();
      ASSERT_EQ(exact.token_ids, plain.token_ids);
      ASSERT_TRUE(std::ranges::equal(exact.scores, plain.scores, are_same_bits));
      num_accepted += exact.stats.drafts.num_accepted();
    }
    if (model == &nano()) {
      EXPECT_GT(num_accepted, 20) << "drafts were meant to be among them";
    }
  }
}

TEST(LogProbTest, AskingForThemChangesNoTextAndEventsCarryThem) {
  Engine engine(nano(), {});
  for (Request& request : requests(nano())) {
    const auto stream = engine.submit(request);
    std::vector<TokenScore> streamed;
    while (const auto event = next_event(*stream)) {
      EXPECT_EQ(event->scores.size(), event->token_ids.size());
      streamed.insert(streamed.end(), event->scores.begin(), event->scores.end());
    }
    const Result& with = stream->wait();
    EXPECT_TRUE(std::ranges::equal(streamed, with.scores, are_same_bits));
    for (std::size_t i = 0; i < with.scores.size(); ++i) {
      check_alternatives(with.token_ids[i], with.scores[i], static_cast<std::size_t>(*request.params.logprobs),
                         nano().config().mask_token_id);
    }
    request.params.logprobs.reset();
    const Result without = engine.submit(request)->wait();
    EXPECT_EQ(without.token_ids, with.token_ids);
    EXPECT_TRUE(without.scores.empty());
  }
}

/// The streaming mode's first forward: what its masks say, from the transformer itself.
TEST(LogProbTest, OfStreamingAreThoseOfTheMaskThatWasFilled) {
  Engine engine(nano(), {});
  const std::vector<TokenId> ids = question("Count from 1 to 30.");
  SamplingParams params = greedy(16);
  params.window_size = 16;
  params.entropy_threshold = 100;  // all of them at once
  params.logprobs = 3;
  const Result result = engine.submit({.prompt = ids, .params = params})->wait();
  EXPECT_EQ(result.stats.decode_forwards, 1);
  std::vector<TokenId> with_masks = ids;
  with_masks.resize(ids.size() + 16, nano().config().mask_token_id);
  const auto expected = next_token_log_probs(nano(), with_masks);
  for (std::size_t i = 0; i < result.scores.size(); ++i) {
    const std::vector<double>& row = expected[ids.size() + i];  // its own position
    EXPECT_NEAR(result.scores[i].log_prob, row[static_cast<std::size_t>(result.token_ids[i])], 1e-4) << i;
    for (const TokenLogProb& it : result.scores[i].alternatives) {
      EXPECT_NEAR(it.log_prob, row[static_cast<std::size_t>(it.token)], 1e-4) << i;
    }
  }
}

TEST(LogProbTest, HowManyIsChecked) {
  Engine engine(tiny(), {});
  for (const std::int32_t wrong : {-1, kMaxAlternatives + 1}) {
    SamplingParams params = greedy(1);
    params.logprobs = wrong;
    EXPECT_THROW(engine.submit({.prompt = {1}, .params = params}), InvalidInput);
  }
}

}  // namespace
}  // namespace wedlm
