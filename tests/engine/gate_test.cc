// What the gated mode promises: no token that the filters drop becomes text, in it or in any other mode; and a request
// with a seed has one text, whatever else the engine does and has done.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "tests/engine/engine_fixtures.h"
#include "wedlm/engine/engine.h"

namespace wedlm {
namespace {

constexpr DecodeMode kModes[] = {DecodeMode::kStreaming, DecodeMode::kAutoregressive, DecodeMode::kExact,
                                 DecodeMode::kGated};

/// A gate through which nearly everything passes that a draw could give.
void open_gate(SamplingParams& params) {
  params.gate_epsilon = 1e-6F;
  params.gate_delta = 1e-6F;
  params.draft_threshold = 0;
}

enum class Verdict { kKept, kDropped, kUnknown };

/// By the row's twenty best tokens, best first: whether top-k and then top-p keep the token.
Verdict judge(TokenId token, const TokenScore& score, const SamplingParams& params) {
  std::vector<TokenLogProb> best = score.alternatives;
  const bool is_tempered = params.filters.order == FilterOrder::kTemperatureFirst && params.temperature > 0;
  if (is_tempered) {
    for (TokenLogProb& it : best) it.log_prob /= params.temperature;
  }
  const auto top_k = static_cast<std::size_t>(params.filters.top_k);
  const bool is_complete = params.filters.top_k > 0 && top_k <= best.size();  // all that top-k keeps is there
  if (is_complete) best.resize(top_k);
  double total = 0;
  for (const TokenLogProb& it : best) total += std::exp(static_cast<double>(it.log_prob));
  if (!is_complete) total = is_tempered ? std::numeric_limits<double>::infinity() : 1;  // nobody knows
  double before = 0;
  for (const TokenLogProb& it : best) {
    if (before >= static_cast<double>(params.filters.top_p) * total + 1e-5) return Verdict::kDropped;
    if (it.token == token) return Verdict::kKept;
    before += std::exp(static_cast<double>(it.log_prob));
  }
  const bool is_full = before >= static_cast<double>(params.filters.top_p) * total + 1e-5;
  return is_complete || is_full ? Verdict::kDropped : Verdict::kUnknown;
}

TEST(GateTest, WhatTheFiltersDropBecomesTextInNoMode) {
  std::mt19937 random(7);
  const auto below = [&](int bound) { return static_cast<int>(random() % static_cast<std::uint32_t>(bound)); };
  std::int64_t num_kept = 0, num_unknown = 0, num_accepted = 0;
  for (LoadedModel* model : {&tiny(), &nano()}) {
    Engine engine(*model, {});
    std::vector<std::pair<SamplingParams, std::shared_ptr<ResponseStream>>> running;
    for (int i = 0; i < 240; ++i) {
      SamplingParams params = greedy(30);
      params.mode = kModes[i % 4];
      params.temperature = below(4) == 0 ? 0.0F : 0.2F + 0.2F * static_cast<float>(below(8));
      params.filters.top_k = below(3) == 0 ? 0 : 1 + below(12);
      params.filters.top_p =
          params.filters.top_k == 0 || below(2) == 0 ? 0.3F + 0.05F * static_cast<float>(below(12)) : 1.0F;
      if (params.filters.top_k == 0 || below(2) == 0) params.filters.order = FilterOrder::kOriginal;
      if (below(2) == 0) params.seed = random();
      if (below(2) == 0) params.window_size = 1 + below(20);
      params.logprobs = kMaxAlternatives;
      open_gate(params);
      const auto ids =
          model == &nano() ? question("Count from " + std::to_string(below(90)) + " to 99.") : prompt(1 + below(20));
      running.emplace_back(params, engine.submit({.prompt = ids, .params = params}));
    }
    for (const auto& [params, stream] : running) {
      const Result& result = stream->wait();
      if (params.mode == DecodeMode::kGated) num_accepted += result.stats.drafts.num_accepted();
      for (std::size_t i = 0; i < result.token_ids.size(); ++i) {
        const Verdict verdict = judge(result.token_ids[i], result.scores[i], params);
        ASSERT_NE(verdict, Verdict::kDropped) << mode_name(params.mode) << ", top_k " << params.filters.top_k
                                              << ", top_p " << params.filters.top_p << ", token " << i;
        (verdict == Verdict::kKept ? num_kept : num_unknown) += 1;
      }
    }
  }
  EXPECT_GT(num_kept, 4 * num_unknown) << "most can be judged";
  EXPECT_GT(num_accepted, 100) << "drafts were meant to pass the gate";
}

TEST(GateTest, WhereOneTokenIsKeptItIsTheExactMode) {
  Engine engine(nano(), {});
  std::int64_t num_refused = 0;
  for (int from = 1; from <= 8; ++from) {
    for (const float temperature : {0.0F, 0.9F}) {
      SamplingParams params = greedy(60);
      params.temperature = temperature;
      params.filters.top_k = 1;
      params.seed = 4;
      params.window_size = 12;
      open_gate(params);
      params.mode = DecodeMode::kExact;
      const auto ids = question("Count from " + std::to_string(from) + " to 40.");
      const Result exact = engine.submit({.prompt = ids, .params = params})->wait();
      params.mode = DecodeMode::kGated;
      const Result gated = engine.submit({.prompt = ids, .params = params})->wait();
      EXPECT_EQ(gated.token_ids, exact.token_ids);
      num_refused += gated.stats.drafts.num_verified() - gated.stats.drafts.num_accepted();
    }
  }
  EXPECT_GT(num_refused, 0) << "a gate that looks at raw probabilities would have let them pass";
}

/// Gated requests of which many drafts pass that are not the model's own choice, so that the text follows the window.
std::vector<Request> seeded_requests() {
  std::vector<Request> requests;
  for (int i = 0; i < 12; ++i) {
    SamplingParams params = greedy(60);
    params.mode = DecodeMode::kGated;
    params.temperature = i % 3 == 0 ? 0.0F : 1.2F;
    params.seed = static_cast<std::uint64_t>(i);
    open_gate(params);
    if (i % 4 == 0) params.agreement = 0.5F;
    requests.push_back({.prompt = question("Write " + std::to_string(i) + " words about the sea."), .params = params});
  }
  return requests;
}

std::vector<std::vector<TokenId>> texts_of(const std::vector<std::shared_ptr<ResponseStream>>& streams) {
  std::vector<std::vector<TokenId>> texts;
  for (const auto& stream : streams) {
    EXPECT_NE(stream->wait().finish_reason, FinishReason::kError) << stream->wait().error;
    texts.push_back(stream->wait().token_ids);
  }
  return texts;
}

TEST(GateTest, ASeedGivesOneTextWhateverTheEngineDoesBesides) {
  const std::vector<Request> requests = seeded_requests();
  std::vector<std::vector<TokenId>> expected;
  for (const Request& request : requests) {
    Engine engine(nano(), {});
    expected.push_back(engine.submit(request)->wait().token_ids);
  }

  Engine engine(nano(), {.max_num_batched_tokens = 100});
  std::vector<std::shared_ptr<ResponseStream>> others, together;
  const auto add_other = [&](int i) {
    SamplingParams params = greedy(80);
    params.mode = kModes[i % 4];
    params.temperature = 0.7F;
    others.push_back(
        engine.submit({.prompt = question("Count from " + std::to_string(i) + " to 80."), .params = params}));
  };
  for (int i = 0; i < 8; ++i) add_other(i);
  texts_of(others);  // the engine has learned
  for (int i = 0; i < 12; ++i) {
    add_other(i);
    together.push_back(engine.submit(requests[static_cast<std::size_t>(i)]));
  }
  EXPECT_EQ(texts_of(together), expected) << "in company, after others";
  std::vector<std::shared_ptr<ResponseStream>> again;
  for (const Request& request : requests) again.push_back(engine.submit(request));
  EXPECT_EQ(texts_of(again), expected) << "a second time";
  texts_of(others);
}

}  // namespace
}  // namespace wedlm
