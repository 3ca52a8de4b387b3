// The front door: what a client is promised, on the smallest checkpoint and on the one that ships.
#include "wedlm/engine/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/engine_fixtures.h"
#include "wedlm/base/error.h"
#include "wedlm/engine/loaded_model.h"

namespace wedlm {
namespace {

using testing::HasSubstr;

std::string refusal(Engine& engine, Request request) {
  try {
    engine.submit(std::move(request));
  } catch (const InvalidInput& error) {
    return error.what();
  }
  return "";
}

TEST(EngineTest, EventsAddUpToTheResult) {
  Engine engine(nano(), {});
  SamplingParams params = greedy(60);
  params.seed = 9;
  params.entropy_threshold.reset();  // a step for each token: a slow reader does not find all of them in one event
  const auto stream =
      engine.submit({.prompt = question("Count from 1 to 30."), .params = params, .report_window = true});
  std::vector<TokenId> tokens;
  std::string text;
  int num_windows = 0;
  while (const auto event = next_event(*stream)) {
    tokens.insert(tokens.end(), event->token_ids.begin(), event->token_ids.end());
    text += event->text;
    num_windows += event->window.empty() ? 0 : 1;
  }
  EXPECT_TRUE(stream->is_finished());
  const Result& result = stream->wait();
  EXPECT_EQ(tokens, result.token_ids);
  EXPECT_EQ(text, result.text);
  EXPECT_THAT(text, HasSubstr("1, 2, 3, 4"));
  EXPECT_EQ(result.finish_reason, FinishReason::kLength);
  EXPECT_EQ(result.token_ids.size(), 60U);
  EXPECT_EQ(result.seed, 9U);
  EXPECT_GE(num_windows, 1);
  EXPECT_LT(num_windows, result.stats.decode_forwards)
      << "none after the last step, and one of steps that were read together";
}

TEST(EngineTest, CountsAreHonest) {
  Engine engine(tiny(), {.max_num_batched_tokens = 32});
  SamplingParams params = greedy(20);
  params.mode = DecodeMode::kAutoregressive;
  RequestStats stats = engine.submit({.prompt = prompt(70), .params = params})->wait().stats;
  EXPECT_EQ(stats.prefill_forwards, 2);  // 32 + 32; the last 6 rows of the prompt decode already
  EXPECT_EQ(stats.decode_forwards, 20);
  EXPECT_EQ(stats.prompt_rows, 69) << "the last chooses a token";
  EXPECT_EQ(stats.decode_rows, 20);
  EXPECT_EQ(stats.generated_tokens, 20);
  EXPECT_DOUBLE_EQ(stats.tokens_per_forward(), 1);
  EXPECT_DOUBLE_EQ(stats.rows_per_forward(), 1);
  EXPECT_DOUBLE_EQ(stats.cacheability(), 1);

  params = greedy(20);
  params.window_size = 8;
  stats = engine.submit({.prompt = prompt(71), .params = params})->wait().stats;
  EXPECT_EQ(stats.cached_prompt_tokens, 64);
  EXPECT_EQ(stats.prompt_rows, 7);
  EXPECT_EQ(stats.prefill_forwards, 0);
  EXPECT_GE(stats.decode_rows, 8 * stats.decode_forwards);
  EXPECT_GT(stats.time_to_first_token_seconds, 0);
}

/// Counts what the backend is asked for.
class AttentionCounter final : public OpObserver {
 public:
  explicit AttentionCounter(Backend& backend) : backend_(backend) { backend_.observe(this); }
  ~AttentionCounter() override { backend_.observe(nullptr); }
  AttentionCounter(const AttentionCounter&) = delete;
  AttentionCounter& operator=(const AttentionCounter&) = delete;

  void op_begins(OpKind kind) override { count_ += kind == OpKind::kAttention ? 1 : 0; }
  void op_ends() override {}
  int count() const { return count_; }

 private:
  Backend& backend_;
  int count_ = 0;
};

TEST(EngineTest, TheFirstTokenTakesOneForwardInEveryMode) {
  for (const DecodeMode mode : {DecodeMode::kAutoregressive, DecodeMode::kExact, DecodeMode::kGated}) {
    Engine engine(nano(), {});
    const AttentionCounter counter(nano().backend());
    SamplingParams params = greedy(1);
    params.mode = mode;
    engine.submit({.prompt = question("Hi"), .params = params})->wait();
    EXPECT_EQ(counter.count(), nano().config().num_hidden_layers) << mode_name(mode);
  }
}

TEST(EngineTest, NoMoreTokensThanRowsThatMayChooseOne) {
  for (const bool has_prefix_cache : {false, true}) {
    Engine engine(nano(), {.enable_prefix_cache = has_prefix_cache});
    for (const Named<DecodeMode>& mode : kDecodeModes) {
      for (const int max_tokens : {1, 2, 3, 40}) {
        SamplingParams params = greedy(max_tokens);
        params.mode = mode.value;
        const RequestStats stats =
            engine.submit({.prompt = question("Count from 1 to 30."), .params = params})->wait().stats;
        EXPECT_LE(stats.cacheability(), 1) << mode.name << ", " << max_tokens << " tokens";
        EXPECT_GE(stats.rows_per_forward(), 1) << mode.name << ", " << max_tokens << " tokens";
        if (mode.value != DecodeMode::kAutoregressive) continue;
        EXPECT_DOUBLE_EQ(stats.cacheability(), 1);
        EXPECT_DOUBLE_EQ(stats.rows_per_forward(), 1);
      }
    }
  }
}

TEST(EngineTest, ASecondRequestWithTheSamePromptCostsOnlyItsTail) {
  Engine engine(tiny(), {});
  for (const DecodeMode mode : {DecodeMode::kStreaming, DecodeMode::kAutoregressive}) {
    SamplingParams params = greedy(5);
    params.mode = mode;
    const int base = mode == DecodeMode::kStreaming ? 0 : 1;  // distinct prompts, or the first mode helps the second
    auto tokens = prompt(160);
    tokens[0] = base;
    const Result first = engine.submit({.prompt = tokens, .params = params})->wait();
    const int choosing = mode == DecodeMode::kStreaming ? 0 : 1;  // rows of the prompt
    EXPECT_EQ(first.stats.prompt_rows, 160 - choosing);
    const Result second = engine.submit({.prompt = tokens, .params = params})->wait();
    EXPECT_EQ(second.token_ids, first.token_ids);
    // All ten blocks are found. Plain decoding needs the last token's row, and so its block, once more.
    EXPECT_EQ(second.stats.prompt_rows, mode == DecodeMode::kStreaming ? 0 : 15);
    tokens.push_back(3);
    EXPECT_EQ(engine.submit({.prompt = tokens, .params = params})->wait().stats.prompt_rows, 1 - choosing);
  }
  const EngineStats stats = engine.stats();
  EXPECT_EQ(stats.num_free_blocks, stats.num_blocks);
  EXPECT_EQ(stats.prefix_cache_hits, 160 + 160 + 144 + 160);
}

TEST(EngineTest, StopsAreFoundAndNotShown) {
  Engine engine(nano(), {});
  const auto ids = question("Count from 1 to 30.");
  SamplingParams params = greedy(60);
  const Result whole = engine.submit({.prompt = ids, .params = params})->wait();
  params.stop = {", 7"};
  const Result stopped = engine.submit({.prompt = ids, .params = params})->wait();
  EXPECT_EQ(stopped.finish_reason, FinishReason::kStop);
  EXPECT_EQ(stopped.text, whole.text.substr(0, whole.text.find(", 7")));
  params.stop.clear();
  params.stop_token_ids = {whole.token_ids[9]};
  const Result by_id = engine.submit({.prompt = ids, .params = params})->wait();
  EXPECT_EQ(by_id.finish_reason, FinishReason::kStop);
  EXPECT_EQ(by_id.token_ids.back(), whole.token_ids[9]);
}

TEST(EngineTest, ASpecialTokenAsAStopTextEndsTheAnswerInEveryMode) {
  Engine engine(nano(), {});
  for (const auto& [mode, name] : kDecodeModes) {
    SamplingParams params = greedy(300);
    params.mode = mode;
    const auto ids = question_with_an_end(engine, params);
    params.stop = {"<|im_end|>"};
    const auto stream = engine.submit({.prompt = ids, .params = params});
    std::string streamed;
    while (const auto event = next_event(*stream)) streamed += event->text;
    const Result& result = stream->wait();
    EXPECT_EQ(result.finish_reason, FinishReason::kStop) << name;
    EXPECT_EQ(result.token_ids.back(), nano().tokenizer()->find("<|im_end|>")) << name;
    EXPECT_EQ(result.text, nano().tokenizer()->decode(result.token_ids)) << name;
    EXPECT_EQ(streamed, result.text) << name;
  }
}

TEST(EngineTest, TheSameSeedGivesTheSameTextInAnyCompany) {
  Engine engine(tiny(), {});
  SamplingParams params = greedy(30);
  params.temperature = 1;
  params.filters.top_k = 50;
  params.filters.top_p = 0.95F;
  params.seed = 42;
  const Result alone = engine.submit({.prompt = prompt(10), .params = params})->wait();
  std::vector<std::shared_ptr<ResponseStream>> company;
  for (int i = 0; i < 8; ++i) {
    SamplingParams other = params;
    other.seed = i == 4 ? 42 : 100 + i;
    company.push_back(engine.submit({.prompt = prompt(10), .params = other}));
  }
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(company[static_cast<std::size_t>(i)]->wait().token_ids == alone.token_ids, i == 4);
  }
  params.seed.reset();
  EXPECT_NE(engine.submit({.prompt = prompt(10), .params = params})->wait().seed,
            engine.submit({.prompt = prompt(10), .params = params})->wait().seed);
}

TEST(EngineTest, TheMaskTokenIsNeverSampledAndMayStandInAPrompt) {
  Engine engine(tiny(), {});
  const TokenId mask = tiny().config().mask_token_id;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    SamplingParams params = greedy(20);
    params.temperature = 50;  // nearly uniform over 331 tokens
    params.seed = seed;
    const Result result = engine.submit({.prompt = {mask, 5, mask}, .params = params})->wait();
    EXPECT_THAT(result.token_ids, testing::Not(testing::Contains(mask)));
    EXPECT_EQ(result.token_ids.size(), 20U);
  }
}

TEST(EngineTest, WhatCanNeverBeServedIsRefusedWithNumbers) {
  Engine engine(
      tiny(), {.max_num_batched_tokens = 40,
               .max_model_len = 200,
               .block_size = 4,
               .cache_bytes =
                   static_cast<std::size_t>(tiny().config().kv_bytes_per_token(EngineOptions().kv_cache_type)) * 100});
  EXPECT_THAT(refusal(engine, {.params = greedy(5)}), HasSubstr("prompt is empty"));
  EXPECT_THAT(refusal(engine, {.prompt = prompt(200), .params = greedy(5)}), HasSubstr("200 tokens"));
  EXPECT_THAT(refusal(engine, {.prompt = prompt(96), .params = greedy(5)}), HasSubstr("101 tokens"));
  EXPECT_THAT(refusal(engine, {.prompt = {331}, .params = greedy(5)}), HasSubstr("token 331"));
  EXPECT_THAT(refusal(engine, {.prompt = {-1}, .params = greedy(5)}), HasSubstr("token -1"));
  SamplingParams outside = greedy(5);
  outside.stop_token_ids = {331};
  EXPECT_THAT(refusal(engine, {.prompt = {1}, .params = outside}), HasSubstr("stop token 331"));
  SamplingParams wide = greedy(5);
  wide.window_size = 21;
  EXPECT_THAT(refusal(engine, {.prompt = {1}, .params = wide}), HasSubstr("42 rows"));
  SamplingParams stop = greedy(5);
  stop.stop = {"x"};
  EXPECT_THAT(refusal(engine, {.prompt = {1}, .params = stop}), HasSubstr("tokenizer"));
  EXPECT_EQ(engine.submit({.prompt = prompt(95), .params = greedy(5)})->wait().token_ids.size(), 5U);
}

TEST(EngineTest, AnAnswerEndsAtTheLongestSequence) {
  Engine engine(tiny(), {.max_model_len = 50});
  const Result result = engine.submit({.prompt = prompt(40), .params = greedy(100)})->wait();
  EXPECT_EQ(result.token_ids.size(), 10U);
  EXPECT_EQ(result.finish_reason, FinishReason::kLength);
}

TEST(EngineTest, OptionsThatCannotWork) {
  EXPECT_THROW(Engine(tiny(), {.max_num_seqs = 0}), InvalidInput);
  EXPECT_THROW(Engine(tiny(), {.max_num_batched_tokens = 0}), InvalidInput);
  EXPECT_THROW(Engine(tiny(), {.max_model_len = 513}), InvalidInput);
  EXPECT_THROW(Engine(tiny(), {.block_size = 0}), InvalidInput);
  EXPECT_THROW(Engine(tiny(), {.cache_bytes = 10}), InvalidInput);
}

TEST(EngineTest, StreamingNeedsAMaskToken) {
  const auto model =
      LoadedModel::load(test_data("checkpoints/qwen2.5-bias-f16"), {.backend = {.cpu = {.num_threads = 1}}});
  Engine engine(*model, {});
  EXPECT_THAT(refusal(engine, {.prompt = {1}, .params = greedy(5)}), HasSubstr("mask token"));
  SamplingParams params = greedy(5);
  params.mode = DecodeMode::kAutoregressive;
  EXPECT_EQ(engine.submit({.prompt = {1}, .params = params})->wait().token_ids.size(), 5U);
  EXPECT_THROW(LoadedModel::load(test_data("checkpoints/qwen2.5-bias-f16"), {.mask_token_id = 331}), InvalidInput);
}

TEST(EngineTest, CancellingKeepsWhatWasCommittedAndGivesEveryPageBack) {
  Engine engine(tiny(), {});
  const auto stream = engine.submit({.prompt = prompt(20), .params = greedy(400)});
  std::size_t taken = 0;
  while (taken < 5) taken += next_event(*stream)->token_ids.size();
  stream->cancel();
  const Result& result = stream->wait();
  EXPECT_EQ(result.finish_reason, FinishReason::kCancelled);
  EXPECT_GE(result.token_ids.size(), taken);
  EXPECT_LT(result.token_ids.size(), 400U);
  stream->cancel();
  EXPECT_EQ(engine.stats().num_free_blocks, engine.stats().num_blocks);
}

TEST(EngineTest, CancellingAModeThatVerifiesIsTheSame) {
  Engine engine(tiny(), {});
  SamplingParams params = greedy(400);
  params.mode = DecodeMode::kExact;
  const auto stream = engine.submit({.prompt = prompt(20), .params = params});
  std::size_t taken = 0;
  while (taken < 5) taken += next_event(*stream)->token_ids.size();
  stream->cancel();
  EXPECT_EQ(stream->wait().finish_reason, FinishReason::kCancelled);
  EXPECT_GE(stream->wait().token_ids.size(), taken);
  EXPECT_EQ(engine.stats().num_free_blocks, engine.stats().num_blocks);
}

TEST(EngineTest, AGateThatDemandsEqualityGivesTheAutoregressiveText) {
  Engine engine(nano(), {});
  for (const char* text : {"Count from 1 to 30.", "Solve: 3x + 7 = 25", "Hi"}) {
    const auto ids = question(text);
    for (const float temperature : {0.0F, 0.8F}) {
      SamplingParams params = greedy(60);
      params.temperature = temperature;
      params.seed = 5;
      params.mode = DecodeMode::kAutoregressive;
      const Result plain = engine.submit({.prompt = ids, .params = params})->wait();
      params.mode = DecodeMode::kGated;
      params.gate = Gate::kEquality;
      for (const std::optional<std::int32_t> window : {std::optional<std::int32_t>(), std::optional(8)}) {
        params.window_size = window;
        const Result gated = engine.submit({.prompt = ids, .params = params})->wait();
        EXPECT_EQ(gated.token_ids, plain.token_ids) << text;
        EXPECT_EQ(gated.text, plain.text);
      }
    }
  }
}

TEST(EngineTest, APromptThatLeavesNoRoomForTheWindowIsDecodedAlike) {
  Engine engine(tiny(), {.max_num_batched_tokens = 10, .enable_prefix_cache = false});
  for (int length = 1; length <= 24; ++length) {
    SamplingParams params = greedy(12);
    params.mode = DecodeMode::kAutoregressive;
    const Result plain = engine.submit({.prompt = prompt(length), .params = params})->wait();
    params.mode = DecodeMode::kExact;
    params.window_size = 4;
    EXPECT_EQ(engine.submit({.prompt = prompt(length), .params = params})->wait().token_ids, plain.token_ids) << length;
  }
}

TEST(EngineTest, DestructionEndsWhatIsUnderWay) {
  std::shared_ptr<ResponseStream> stream;
  {
    Engine engine(tiny(), {});
    stream = engine.submit({.prompt = prompt(20), .params = greedy(400)});
  }
  EXPECT_EQ(stream->wait().finish_reason, FinishReason::kCancelled);
}

TEST(EngineTest, LeftmostFallbackComputesFewerRowsAndStopsAtTheEnd) {
  Engine engine(nano(), {});
  const auto ids = question("Solve: 3x + 7 = 25");
  SamplingParams params;
  params.temperature = 0;
  params.max_tokens = 128;
  params.entropy_threshold = 0.01F;  // so that no position is certain enough now and then
  const Result all = engine.submit({.prompt = ids, .params = params})->wait();
  params.fallback = Fallback::kLeftmost;
  const Result clamped = engine.submit({.prompt = ids, .params = params})->wait();
  EXPECT_LT(clamped.stats.decode_rows, all.stats.decode_rows);
  EXPECT_EQ(clamped.finish_reason, FinishReason::kStop);
}

}  // namespace
}  // namespace wedlm
