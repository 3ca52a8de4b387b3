// The decode traces that the original engine's decoder and sampler left behind (tests/data/traces): every token id of
// every prompt and setting through the engine, and step by step the rows, entropies, fills and commits of the traced
// ones.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iostream>

#include "tests/support/closeness.h"
#include "tests/support/data.h"
#include "wedlm/base/json.h"
#include "wedlm/decode/decoder.h"
#include "wedlm/engine/engine.h"
#include "wedlm/engine/loaded_model.h"
#include "wedlm/model/logits.h"

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

/// The checkpoint that was traced: an earlier one of the shape of nano.
std::filesystem::path traced_model() {
  return test_data("traces") / "model";
}

LoadedModel& model() {
  static const auto loaded = LoadedModel::load(traced_model(), {.backend = {.name = "reference"}});
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
  std::vector<TokenId> prompt;
  SamplingParams params;
  std::shared_ptr<ResponseStream> stream;
};

std::vector<TracedRequest> submit_all(Engine& engine) {
  std::vector<TracedRequest> requests;
  const auto submit = [&](const Json& item, const Json& run, const SamplingParams& params) {
    const std::vector<TokenId> prompt = ids(item.at("prompt_ids"));
    requests.push_back({&run, prompt, params, engine.submit({.prompt = prompt, .params = params})});
  };
  for (const Json& item : traces().at("cases").as_array()) {
    for (const Json& run : item.at("wedlm").as_array()) submit(item, run, params_of(run));
    SamplingParams params;
    params.mode = DecodeMode::kAutoregressive;
    params.temperature = 0;
    params.max_tokens = static_cast<std::int32_t>(traces().at("max_tokens").as_integer());
    submit(item, item.at("autoregressive"), params);
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

/// One run step by step: decoder and forward, without the engine's batching.
class Replay {
 public:
  Replay(LoadedModel& model, DType kv_cache_type, const std::vector<TokenId>& prompt, const SamplingParams& params)
      : model_(model),
        known_(prompt),
        decoder_(make_decoder(params, statistics_)),
        cache_(model.backend(), model.config(), kNumPages, kPageSize, kv_cache_type) {
    for (std::int32_t page = 0; page < kNumPages; ++page) pages_.push_back(page);
  }

  const std::vector<TokenId>& known() const { return known_; }

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
    std::vector<TokenId> pending = pending_tokens();
    if (is_last) pending.resize(std::min(pending.size(), committed.size()));
    EXPECT_EQ(pending, committed);
    Batch batch = next_batch(mask);
    EXPECT_EQ(batch.token_ids, ids(trace.at("input_ids")));
    EXPECT_EQ(batch.positions, ids(trace.at("positions")));
    const std::vector<Prediction> predictions = finish(batch, {.banned = mask});
    const Json::Array& entropies = trace.at("mask_entropy").as_array();
    ASSERT_EQ(predictions.size(), entropies.size());
    for (std::size_t i = 0; i < entropies.size(); ++i) {
      EXPECT_NEAR(predictions[i].entropy, entropies[i].as_number(), 2e-4) << "mask " << i;
    }
    advance(predictions);
    if (is_last) return;
    EXPECT_EQ(state(mask), ids(trace.at("window_after")));
  }

  /// The known tokens that are not cached, and the decoder's rows.
  Batch next_batch(TokenId mask) {
    const WindowRows window = decoder_->rows({.known = known_, .tokens_left = 1000});
    Batch batch;
    add_pending(batch);
    if (window.predict_after_known) batch.prediction_rows.push_back(static_cast<std::int32_t>(batch.num_rows() - 1));
    for (const WindowRow& row : window.rows) {
      batch.token_ids.push_back(row.kind == WindowRow::Kind::kMask ? mask : row.token);
      batch.positions.push_back(static_cast<std::int32_t>(std::ssize(known_) + row.offset));
      batch.slots.push_back(-1);
      if (row.wants_prediction) batch.prediction_rows.push_back(static_cast<std::int32_t>(batch.num_rows() - 1));
    }
    return batch;
  }

  /// `logits`, if not null, becomes those of the prediction rows.  // [prediction rows, vocab_size]
  std::vector<Prediction> finish(Batch& batch, const SamplingRow& sampling, std::vector<float>* logits = nullptr) {
    batch.segments.push_back({.num_rows = batch.num_rows(), .prefix_length = num_cached_, .block_table = pages_});
    batch.sampling.assign(batch.prediction_rows.size(), sampling);
    PredictedLogits predicted = compute_logits(model_.transformer(), batch, cache_);
    if (logits != nullptr) *logits = std::move(predicted.logits);
    return std::move(predicted.predictions);
  }

  void advance(std::span<const Prediction> predictions) {
    num_cached_ = std::ssize(known_);
    for (const TokenId token : decoder_->advance(predictions).tokens) known_.push_back(token);
  }

  /// The known tokens that are not cached, and the window.
  std::vector<TokenId> state(TokenId mask) const {
    std::vector<TokenId> tokens = pending_tokens();
    for (const Window::Position& it : decoder_->window()) tokens.push_back(it.filled ? it.token : mask);
    return tokens;
  }

 private:
  static constexpr std::int32_t kNumPages = 32, kPageSize = 16;

  std::vector<TokenId> pending_tokens() const { return {known_.begin() + num_cached_, known_.end()}; }

  void add_pending(Batch& batch) const {
    for (std::int64_t i = num_cached_; i < std::ssize(known_); ++i) {
      batch.token_ids.push_back(known_[static_cast<std::size_t>(i)]);
      batch.positions.push_back(static_cast<std::int32_t>(i));
      batch.slots.push_back(static_cast<std::int32_t>(i));
    }
  }

  LoadedModel& model_;
  std::vector<TokenId> known_;
  std::int64_t num_cached_ = 0;
  DraftStatistics statistics_;
  std::unique_ptr<Decoder> decoder_;
  KvCache cache_;
  std::vector<std::int32_t> pages_;
};

/// How far two models are apart where they first decide differently.
struct Divergence {
  int step = -1;
  double logit_gap = 0;      // of the reference, between its best token and the other's, at most over the rows
  double entropy_error = 0;  // at most over the rows
};

/// Runs the reference and another model in step until the same rows make them decide differently.
Divergence find_divergence(LoadedModel& other, const std::vector<TokenId>& prompt, const SamplingParams& params) {
  const auto mask = static_cast<TokenId>(traces().at("mask_token_id").as_integer());
  const auto vocab_size = static_cast<std::size_t>(other.config().vocab_size);
  Replay reference(model(), DType::kF32, prompt, params);
  Replay replay(other, EngineOptions().kv_cache_type, prompt, params);
  Divergence divergence;
  for (int step = 0; std::ssize(reference.known()) < std::ssize(prompt) + params.max_tokens; ++step) {
    Batch reference_batch = reference.next_batch(mask), batch = replay.next_batch(mask);
    std::vector<float> logits;
    const std::vector<Prediction> expected = reference.finish(reference_batch, {.banned = mask}, &logits);
    const std::vector<Prediction> got = replay.finish(batch, {.banned = mask});
    reference.advance(expected);
    replay.advance(got);
    if (reference.state(mask) == replay.state(mask)) continue;
    divergence.step = step;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const float* row = logits.data() + i * vocab_size;
      divergence.logit_gap = farther(divergence.logit_gap, distance(row[expected[i].best], row[got[i].best]));
      divergence.entropy_error = farther(divergence.entropy_error, distance(expected[i].entropy, got[i].entropy));
    }
    break;
  }
  return divergence;
}

/// Kernels round in another order than the original, and keys and values, and some levels rows, to bfloat16. So a near
/// tie may go the other way: between two tokens, or of an entropy with a threshold or another entropy.
TEST(TraceTest, NearlyAllTextsOnTheCpuBackend) {
  constexpr double kNearTieOfLogits = 0.1;     // of a range of some 20
  constexpr double kNearTieOfEntropies = 0.1;  // nats
  const auto cpu_model = LoadedModel::load(traced_model(), {.backend = {.name = "cpu"}});
  Engine engine(*cpu_model, {});
  int num_equal = 0;
  int num_requests = 0;
  for (const TracedRequest& it : submit_all(engine)) {
    ++num_requests;
    if (it.stream->wait().token_ids == ids(it.run->at("token_ids"))) {
      ++num_equal;
      continue;
    }
    const Divergence divergence = find_divergence(*cpu_model, it.prompt, it.params);
    std::cout << "a text differs from step " << divergence.step << " on: there the best token and the other are "
              << divergence.logit_gap << " apart, and entropies are off by " << divergence.entropy_error << " nats\n";
    EXPECT_GE(divergence.step, 0) << "a difference of the engine, not of the forwards";
    EXPECT_LT(divergence.logit_gap, kNearTieOfLogits);
    EXPECT_LT(divergence.entropy_error, kNearTieOfEntropies);
  }
  std::cout << num_equal << " of " << num_requests << " texts as recorded\n";
  EXPECT_GE(num_equal, 0.9 * num_requests);
}

TEST(TraceTest, EveryStepOfTheTracedRuns) {
  const auto mask = static_cast<TokenId>(traces().at("mask_token_id").as_integer());
  int num_steps = 0;
  for (const Json& item : traces().at("cases").as_array()) {
    for (const Json& run : item.at("wedlm").as_array()) {
      const Json* steps = run.find("steps");
      if (steps == nullptr) continue;
      Replay replay(model(), DType::kF32, ids(item.at("prompt_ids")), params_of(run));
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

/// How far logits after a prompt, which span some 20, and the logarithm of the best token's probability may be from the
/// original's, which kept keys and values in float32. The reference gives 8e-6, 0.018 and 0.065.
struct PageTolerance {
  DType page_type;
  double logits;
};
constexpr PageTolerance kPageTolerances[] = {{DType::kF32, 1e-4}, {DType::kBF16, 0.03}, {DType::kI8, 0.1}};

class PromptLogitsTest : public testing::TestWithParam<PageTolerance> {};

TEST_P(PromptLogitsTest, AreThoseOfTheOriginal) {
  double largest = 0;
  for (const Json& item : traces().at("cases").as_array()) {
    const std::vector<TokenId> prompt = ids(item.at("prompt_ids"));
    ASSERT_NE(model().tokenizer(), nullptr);
    EXPECT_EQ(model().tokenizer()->encode(item.at("prompt").as_string()), prompt);
    KvCache cache(model().backend(), model().config(), 1, std::ssize(prompt), GetParam().page_type);
    Batch batch;
    batch.token_ids = prompt;
    for (std::int32_t i = 0; i < std::ssize(prompt); ++i) {
      batch.positions.push_back(i);
      batch.slots.push_back(i);
    }
    batch.segments.push_back({.num_rows = batch.num_rows()});
    batch.prediction_rows = {static_cast<std::int32_t>(prompt.size()) - 1};
    batch.sampling.resize(1);
    const PredictedLogits predicted = compute_logits(model().transformer(), batch, cache);
    const std::vector<float>& logits = predicted.logits;
    const Prediction& prediction = predicted.predictions[0];
    const Json& top = item.at("prefill_last_top16");
    const std::vector<TokenId> top_ids = ids(top.at("ids"));
    for (std::size_t i = 0; i < top_ids.size(); ++i) {
      const double recorded = top.at("logits").as_array()[i].as_number();
      largest = farther(largest, distance(logits[static_cast<std::size_t>(top_ids[i])], recorded));
    }
    EXPECT_EQ(prediction.best, top_ids[0]);
    const double log_prob = top.at("logits").as_array()[0].as_number() - item.at("prefill_last_logsumexp").as_number();
    largest = farther(largest, distance(prediction.best_log_prob, log_prob));
  }
  RecordProperty("largest_distance", std::to_string(largest));
  EXPECT_LT(largest, GetParam().logits);
}

INSTANTIATE_TEST_SUITE_P(PageTypes, PromptLogitsTest, testing::ValuesIn(kPageTolerances), [](const auto& instance) {
  return std::string(kv_cache_type_name(instance.param.page_type));
});

}  // namespace
}  // namespace wedlm
