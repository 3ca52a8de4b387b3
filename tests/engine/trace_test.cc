// The decode traces that the original engine's decoder and sampler left behind (tests/data/traces): every token id of
// every prompt and setting through the engine, and step by step the rows, entropies, fills and commits of the traced
// ones.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iostream>

#include "tests/support/data.h"
#include "wedlm/base/json.h"
#include "wedlm/decode/decoder.h"
#include "wedlm/engine/engine.h"
#include "wedlm/engine/loaded_model.h"

namespace wedlm {
namespace {

std::vector<TokenId> ids(const Json& json) {
  std::vector<TokenId> result;
  for (const Json& item : json.as_array()) result.push_back(static_cast<TokenId>(item.as_integer()));
  return result;
}

/// WEDLM_TEST_TRACES names another file of the same form.
const Json& traces() {
  static const Json json = [] {
    const char* other = std::getenv("WEDLM_TEST_TRACES");
    const std::filesystem::path path = other != nullptr ? other : test_data("traces") / "traces.json";
    return parse_json(read_text(path), path.string());
  }();
  return json;
}

LoadedModel& model() {
  static const auto loaded = LoadedModel::load(nano_model(), {.backend = {.name = "reference"}});
  return *loaded;
}

SamplingParams params_of(const Json& run) {
  SamplingParams params;
  params.temperature = 0;
  params.max_tokens = static_cast<std::int32_t>(traces().at("max_tokens").as_integer());
  params.window_size = static_cast<std::int32_t>(run.at("window_size").as_integer());
  const Json& threshold = run.at("entropy_threshold");
  params.entropy_threshold =
      threshold.is_null() ? std::nullopt : std::optional(static_cast<float>(threshold.as_number()));
  params.position_penalty = static_cast<float>(run.at("pos_penalty_factor").as_number());
  return params;
}

/// A recorded run and what an engine makes of the same prompt and setting.
struct TracedRequest {
  const Json* run;
  std::shared_ptr<ResponseStream> stream;
};

std::vector<TracedRequest> submit_all(Engine& engine) {
  std::vector<TracedRequest> requests;
  for (const Json& item : traces().at("cases").as_array()) {
    for (const Json& run : item.at("wedlm").as_array()) {
      requests.push_back({&run, engine.submit({.prompt = ids(item.at("prompt_ids")), .params = params_of(run)})});
    }
    SamplingParams params;
    params.mode = DecodeMode::kAutoregressive;
    params.temperature = 0;
    params.max_tokens = static_cast<std::int32_t>(traces().at("max_tokens").as_integer());
    const Json& run = item.at("autoregressive");
    requests.push_back({&run, engine.submit({.prompt = ids(item.at("prompt_ids")), .params = params})});
  }
  return requests;
}

TEST(TraceTest, TokenIdsOfEveryPromptAndSetting) {
  Engine engine(model(), {.kv_cache_type = DType::kF32});  // as the original's
  const std::vector<TracedRequest> requests = submit_all(engine);
  EXPECT_GE(requests.size(), 100U);
  for (const TracedRequest& it : requests) {
    const Result& result = it.stream->wait();
    EXPECT_EQ(result.token_ids, ids(it.run->at("token_ids")));
    EXPECT_EQ(result.text, it.run->at("text").as_string());
    EXPECT_LE(result.stats.decode_forwards, it.run->at("forwards").as_integer());
    const bool is_stopped = result.token_ids.size() < 128;
    EXPECT_EQ(result.finish_reason, is_stopped ? FinishReason::kStop : FinishReason::kLength);
  }
}

/// Kernels round in another order than the original, and pages of bfloat16 round more, so a near tie may go the other
/// way, and the text after it.
TEST(TraceTest, NearlyAllTextsOnTheCpuBackend) {
  const auto cpu_model = LoadedModel::load(nano_model(), {.backend = {.name = "cpu"}});
  Engine engine(*cpu_model, {});
  int num_equal = 0;
  int num_requests = 0;
  for (const TracedRequest& it : submit_all(engine)) {
    const std::vector<TokenId>& got = it.stream->wait().token_ids;
    const std::vector<TokenId> expected = ids(it.run->at("token_ids"));
    ++num_requests;
    if (got == expected) {
      ++num_equal;
      continue;
    }
    const auto first = std::mismatch(got.begin(), got.end(), expected.begin(), expected.end()).first;
    std::cout << "a text differs from token " << first - got.begin() << " on\n";
  }
  std::cout << num_equal << " of " << num_requests << " texts as recorded\n";
  EXPECT_GE(num_equal, 0.9 * num_requests);
}

TEST(TraceTest, GatedWithoutAGateIsTheOriginalToo) {
  Engine engine(model(), {.kv_cache_type = DType::kF32});
  std::vector<std::pair<const Json*, std::shared_ptr<ResponseStream>>> runs;
  for (const Json& item : traces().at("cases").as_array()) {
    for (const Json& run : item.at("wedlm").as_array()) {
      if (run.find("steps") == nullptr) continue;
      SamplingParams params = params_of(run);
      params.mode = DecodeMode::kGated;
      params.gate = Gate::kOff;
      runs.emplace_back(&run, engine.submit({.prompt = ids(item.at("prompt_ids")), .params = params}));
    }
  }
  for (const auto& [run, stream] : runs) EXPECT_EQ(stream->wait().token_ids, ids(run->at("token_ids")));
  EXPECT_FALSE(runs.empty());
}

/// Replays one run step by step: decoder and forward, without the engine's batching.
class Replay {
 public:
  Replay(const std::vector<TokenId>& prompt, const SamplingParams& params)
      : known_(prompt),
        decoder_(make_decoder(params, statistics_)),
        cache_(model().backend(), model().config(), kNumPages, kPageSize),
        activations_(model().backend()) {
    for (std::int32_t page = 0; page < kNumPages; ++page) pages_.push_back(page);
  }

  /// Caches the prompt without decoding, as the original does before its first step.
  void prefill() {
    Batch batch;
    add_pending(batch);
    finish(batch, {});
    num_cached_ = std::ssize(known_);
  }

  void step(const Json& trace, TokenId mask) {
    // What the original commits in this step became known here in the one before. Where the answer ends in the middle
    // of a run the original cuts it.
    std::vector<TokenId> committed = ids(trace.at("committed"));
    const bool is_last = trace.at("window_after").as_array().empty();
    std::vector<TokenId> pending(known_.begin() + num_cached_, known_.end());
    if (is_last) pending.resize(std::min(pending.size(), committed.size()));
    EXPECT_EQ(pending, committed);
    const WindowRows window = decoder_->rows({.known = known_, .tokens_left = 1000});
    Batch batch;
    add_pending(batch);
    for (const WindowRow& row : window.rows) {
      batch.token_ids.push_back(row.kind == WindowRow::Kind::kMask ? mask : row.token);
      batch.positions.push_back(static_cast<std::int32_t>(std::ssize(known_) + row.offset));
      batch.slots.push_back(-1);
      if (row.wants_prediction) batch.prediction_rows.push_back(static_cast<std::int32_t>(batch.num_rows() - 1));
    }
    EXPECT_EQ(batch.token_ids, ids(trace.at("input_ids")));
    EXPECT_EQ(batch.positions, ids(trace.at("positions")));
    const std::vector<Prediction> predictions = finish(batch, {.banned = mask});
    const Json::Array& entropies = trace.at("mask_entropy").as_array();
    ASSERT_EQ(predictions.size(), entropies.size());
    for (std::size_t i = 0; i < entropies.size(); ++i) {
      EXPECT_NEAR(predictions[i].entropy, entropies[i].as_number(), 2e-4) << "mask " << i;
    }
    num_cached_ = std::ssize(known_);
    for (const TokenId token : decoder_->advance(predictions).tokens) known_.push_back(token);
    if (!is_last) {
      std::vector<TokenId> after(known_.begin() + static_cast<std::ptrdiff_t>(num_cached_), known_.end());
      for (const Window::Slot& slot : decoder_->slots()) after.push_back(slot.filled ? slot.token : mask);
      EXPECT_EQ(after, ids(trace.at("window_after")));
    }
  }

 private:
  static constexpr std::int32_t kNumPages = 32, kPageSize = 16;

  void add_pending(Batch& batch) const {
    for (std::int64_t i = num_cached_; i < std::ssize(known_); ++i) {
      batch.token_ids.push_back(known_[static_cast<std::size_t>(i)]);
      batch.positions.push_back(static_cast<std::int32_t>(i));
      batch.slots.push_back(static_cast<std::int32_t>(i));
    }
  }

  std::vector<Prediction> finish(Batch& batch, const SamplingRow& sampling) {
    batch.segments.push_back({.num_rows = batch.num_rows(), .prefix_length = num_cached_, .block_table = pages_});
    batch.sampling.assign(batch.prediction_rows.size(), sampling);
    std::vector<Prediction> predictions(batch.prediction_rows.size());
    model().transformer().forward(batch, cache_, activations_, predictions);
    return predictions;
  }

  std::vector<TokenId> known_;
  std::int64_t num_cached_ = 0;
  DraftStatistics statistics_;
  std::unique_ptr<Decoder> decoder_;
  KvCache cache_;
  Activations activations_;
  std::vector<std::int32_t> pages_;
};

TEST(TraceTest, EveryStepOfTheTracedRuns) {
  const auto mask = static_cast<TokenId>(traces().at("mask_token_id").as_integer());
  int num_steps = 0;
  for (const Json& item : traces().at("cases").as_array()) {
    for (const Json& run : item.at("wedlm").as_array()) {
      const Json* steps = run.find("steps");
      if (steps == nullptr) continue;
      Replay replay(ids(item.at("prompt_ids")), params_of(run));
      replay.prefill();
      for (const Json& step : steps->as_array()) {
        replay.step(step, mask);
        if (HasFailure()) FAIL() << "step " << num_steps << " of " << item.at("prompt").as_string();
        ++num_steps;
      }
    }
  }
  EXPECT_GT(num_steps, 100);
}

TEST(TraceTest, LogitsAfterThePrompt) {
  for (const Json& item : traces().at("cases").as_array()) {
    const std::vector<TokenId> prompt = ids(item.at("prompt_ids"));
    ASSERT_NE(model().tokenizer(), nullptr);
    EXPECT_EQ(model().tokenizer()->encode(item.at("prompt").as_string()), prompt);
    KvCache cache(model().backend(), model().config(), 1, std::ssize(prompt));
    Activations activations(model().backend());
    Batch batch;
    batch.token_ids = prompt;
    for (std::int32_t i = 0; i < std::ssize(prompt); ++i) {
      batch.positions.push_back(i);
      batch.slots.push_back(i);
    }
    batch.segments.push_back({.num_rows = batch.num_rows()});
    batch.prediction_rows = {static_cast<std::int32_t>(prompt.size()) - 1};
    batch.sampling.resize(1);
    const std::int64_t vocab_size = model().config().vocab_size;
    std::vector<float> logits(static_cast<std::size_t>(vocab_size));
    Prediction prediction;
    model().transformer().forward(batch, cache, activations, {&prediction, 1},
                                  {logits.data(), DType::kF32, {1, vocab_size}});
    const Json& top = item.at("prefill_last_top16");
    const std::vector<TokenId> top_ids = ids(top.at("ids"));
    for (std::size_t i = 0; i < top_ids.size(); ++i) {
      EXPECT_NEAR(logits[static_cast<std::size_t>(top_ids[i])], top.at("logits").as_array()[i].as_number(), 2e-3);
    }
    EXPECT_EQ(prediction.best, top_ids[0]);
    EXPECT_NEAR(prediction.best_log_prob,
                top.at("logits").as_array()[0].as_number() - item.at("prefill_last_logsumexp").as_number(), 2e-3);
  }
}

}  // namespace
}  // namespace wedlm
