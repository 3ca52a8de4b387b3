// Penalties, biases and suppressed tokens through the engine: each token that it chose against the plain formulas, over
// logits that the transformer gives for the whole text at once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <set>

#include "tests/engine/engine_fixtures.h"
#include "tests/engine/text_logits.h"
#include "wedlm/base/error.h"
#include "wedlm/engine/engine.h"

namespace wedlm {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

/// As transformers and vLLM define them, for the token after `before`, which begins with the prompt.
std::vector<float> adjusted(std::vector<float> logits, const std::vector<TokenId>& before, std::size_t prompt_length,
                            const AdjustmentRules& rules) {
  const auto at = [&](TokenId token) -> float& { return logits[static_cast<std::size_t>(token)]; };
  for (const auto& [token, bias] : rules.logit_bias) at(token) += bias;
  for (const TokenId token : std::set<TokenId>(before.begin(), before.end())) {
    at(token) = at(token) > 0 ? at(token) / rules.repetition_penalty : at(token) * rules.repetition_penalty;
  }
  std::map<TokenId, int> counts;
  for (std::size_t i = prompt_length; i < before.size(); ++i) ++counts[before[i]];
  for (const auto& [token, count] : counts) {
    at(token) -= static_cast<float>(count) * rules.frequency_penalty;
    at(token) -= rules.presence_penalty;
  }
  for (const TokenId token : rules.suppress_tokens) at(token) = kNever;
  const auto n = static_cast<std::ptrdiff_t>(rules.no_repeat_ngram_size);
  for (auto run = before.begin(); n > 0 && before.end() - run >= n; ++run) {
    if (std::equal(run, run + n - 1, before.end() - (n - 1))) at(run[n - 1]) = kNever;
  }
  return logits;
}

struct Rules {
  std::string name;
  AdjustmentRules rules;
};

std::vector<Rules> all_rules() {
  return {{"repetition", {.repetition_penalty = 1.4F}},
          {"repetition below one", {.repetition_penalty = 0.7F}},
          {"frequency", {.frequency_penalty = 1.5F}},
          {"presence", {.presence_penalty = 2}},
          {"ngram", {.no_repeat_ngram_size = 3}},
          {"single tokens", {.no_repeat_ngram_size = 1}},
          {"bias", {.logit_bias = {{30, 12.0F}, {31, -100.0F}, {7, 6.5F}}}},
          {"all",
           {.logit_bias = {{30, 6.0F}},
            .suppress_tokens = {30, 40, 41},
            .no_repeat_ngram_size = 4,
            .repetition_penalty = 1.1F,
            .frequency_penalty = -0.5F,
            .presence_penalty = 0.75F}}};
}

std::vector<TokenId> text_of(const Request& request, const Result& result) {
  std::vector<TokenId> text = request.prompt;
  text.insert(text.end(), result.token_ids.begin(), result.token_ids.end());
  return text;
}

Request request_of(LoadedModel& model, const AdjustmentRules& rules, DecodeMode mode) {
  Request request{.prompt = &model == &nano() ? question("Count from 3 to 30.") : prompt(9), .params = greedy(40)};
  request.params.mode = mode;
  request.params.adjustments = rules;
  return request;
}

/// Whether each token of the answer is the best by the row's adjusted logits, near ties apart; `row_of(i)` says the row
/// for the i-th.
template <class RowOf>
void expect_best(LoadedModel& model, const Request& request, const Result& result, const RowOf& row_of,
                 const std::string& what) {
  const std::vector<TokenId> text = text_of(request, result);
  for (std::size_t i = 0; i < result.token_ids.size(); ++i) {
    const std::vector<TokenId> before(text.begin(), text.begin() + std::ssize(request.prompt) + static_cast<int>(i));
    std::vector<float> logits = adjusted(row_of(i), before, request.prompt.size(), request.params.adjustments);
    if (model.config().mask_token_id != kNoToken) {
      logits[static_cast<std::size_t>(model.config().mask_token_id)] = kNever;
    }
    const float best = *std::ranges::max_element(logits);
    ASSERT_GE(logits[static_cast<std::size_t>(result.token_ids[i])], best - 1e-3F) << what << ", token " << i;
  }
}

TEST(AdjustmentsTest, EachTokenIsTheBestByThePlainFormulas) {
  std::map<std::string, int> num_changed;
  for (LoadedModel* model : {&tiny(), &nano()}) {
    Engine engine(*model, {});
    const Result without = engine.submit(request_of(*model, {}, DecodeMode::kAutoregressive))->wait();
    for (const auto& [name, rules] : all_rules()) {
      const Request request = request_of(*model, rules, DecodeMode::kAutoregressive);
      const Result result = engine.submit(request)->wait();
      num_changed[name] += result.token_ids != without.token_ids ? 1 : 0;
      const auto rows = text_logits(*model, text_of(request, result));
      expect_best(
          *model, request, result, [&](std::size_t i) { return rows[request.prompt.size() - 1 + i]; }, name);
    }
  }
  for (const auto& [name, count] : num_changed) EXPECT_GT(count, 0) << name << " was meant to matter";
}

TEST(AdjustmentsTest, OfTheExactModeAreTheAutoregressiveOnes) {
  Engine engine(nano(), {});
  std::int64_t num_accepted = 0;
  for (const auto& [name, rules] : all_rules()) {
    for (const float temperature : {0.0F, 0.8F}) {
      Request request = request_of(nano(), rules, DecodeMode::kAutoregressive);
      request.params.temperature = temperature;
      request.params.seed = 5;
      const Result plain = engine.submit(request)->wait();
      request.params.mode = DecodeMode::kExact;
      request.params.draft_threshold = 0;
      request.params.window_size = 8;
      const Result exact = engine.submit(request)->wait();
      EXPECT_EQ(exact.token_ids, plain.token_ids) << name << " at " << temperature;
      num_accepted += exact.stats.drafts.num_accepted();
    }
  }
  EXPECT_GT(num_accepted, 20) << "drafts were meant to be among them";
}

TEST(AdjustmentsTest, AMaskHasThoseOfTheTokensItSees) {
  Engine engine(nano(), {});
  for (const auto& [name, rules] : all_rules()) {
    Request request = request_of(nano(), rules, DecodeMode::kStreaming);
    request.params.window_size = 1;  // one mask, which sees what is known
    const Result result = engine.submit(request)->wait();
    const std::vector<TokenId> text = text_of(request, result);
    const auto row_of = [&](std::size_t i) {
      std::vector<TokenId> seen(text.begin(), text.begin() + std::ssize(request.prompt) + static_cast<int>(i));
      seen.push_back(nano().config().mask_token_id);
      return text_logits(nano(), seen).back();
    };
    expect_best(nano(), request, result, row_of, name);
  }
}

TEST(AdjustmentsTest, GuessesOfTheWindowCountToo) {
  // Some hundred tokens are likelier than all others until they are said, or guessed on either side.
  AdjustmentRules rules{.repetition_penalty = 100};
  for (TokenId token = 300; token < 400; ++token) rules.logit_bias[token] = 50;
  Engine engine(nano(), {});
  for (const DecodeMode mode : {DecodeMode::kStreaming, DecodeMode::kGated, DecodeMode::kExact}) {
    Request request = request_of(nano(), rules, mode);
    request.params.max_per_step = 1;
    request.params.window_size = 8;
    request.params.max_tokens = 60;
    const Result result = engine.submit(request)->wait();
    const std::set<TokenId> different(result.token_ids.begin(), result.token_ids.end());
    EXPECT_EQ(different.size(), result.token_ids.size()) << mode_name(mode) << ": one position a forward";
  }
}

TEST(AdjustmentsTest, WhatIsSuppressedIsSaidInNoMode) {
  for (LoadedModel* model : {&tiny(), &nano()}) {
    Engine engine(*model, {});
    for (const Named<DecodeMode>& mode : kDecodeModes) {
      Request request = request_of(*model, {}, mode.value);
      request.params.temperature = 0.9F;
      request.params.seed = 3;
      const Result before = engine.submit(request)->wait();
      request.params.adjustments.suppress_tokens = {before.token_ids.begin(), before.token_ids.end()};
      const Result after = engine.submit(request)->wait();
      for (const TokenId token : after.token_ids) {
        EXPECT_EQ(std::ranges::count(before.token_ids, token), 0) << mode.name << ", token " << token;
      }
    }
  }
}

TEST(AdjustmentsTest, WhatCannotBeIsRefused) {
  Engine engine(tiny(), {});
  const auto error_of = [&](const AdjustmentRules& rules) -> std::string {
    Request request{.prompt = {1}, .params = greedy(1)};
    request.params.mode = DecodeMode::kAutoregressive;
    request.params.adjustments = rules;
    try {
      engine.submit(request);
    } catch (const InvalidInput& error) {
      return error.what();
    }
    return "";
  };
  const auto vocab_size = static_cast<TokenId>(tiny().config().vocab_size);
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(error_of({}), "");
  EXPECT_EQ(error_of({.logit_bias = {{vocab_size, 1.0F}}}), "logit_bias: token 331 is outside the vocabulary of 331");
  EXPECT_THAT(error_of({.logit_bias = {{-1, 1.0F}}}), testing::StartsWith("logit_bias: expected"));
  EXPECT_EQ(error_of({.suppress_tokens = {vocab_size}}), "suppress_tokens: token 331 is outside the vocabulary of 331");
  for (const float wrong : {kNan, kNever, -kNever, 100.5F}) {
    EXPECT_THAT(error_of({.logit_bias = {{1, wrong}}}), testing::StartsWith("logit_bias: expected"));
    EXPECT_THAT(error_of({.repetition_penalty = wrong}), testing::StartsWith("repetition_penalty: expected"));
    EXPECT_THAT(error_of({.frequency_penalty = wrong}), testing::StartsWith("frequency_penalty: expected"));
    EXPECT_THAT(error_of({.presence_penalty = wrong}), testing::StartsWith("presence_penalty: expected"));
  }
  EXPECT_THAT(error_of({.repetition_penalty = 0}), testing::StartsWith("repetition_penalty: expected"));
  EXPECT_THAT(error_of({.no_repeat_ngram_size = -1}), testing::StartsWith("no_repeat_ngram_size: expected"));
  std::vector<TokenId> all(static_cast<std::size_t>(vocab_size));
  std::iota(all.begin(), all.end(), 0);
  EXPECT_THAT(error_of({.suppress_tokens = all}), testing::StartsWith("suppress_tokens: expected that a token"));
}

}  // namespace
}  // namespace wedlm
