// Continuous batching under pressure: thousands of requests with random lengths, modes, priorities and cancels, through
// a cache far too small for them. Whatever the schedule was, each text is the one that its request has when run alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/support/data.h"
#include "wedlm/engine/engine.h"
#include "wedlm/engine/loaded_model.h"

namespace wedlm {
namespace {

constexpr int kNumRequests = 2000;

LoadedModel& model() {
  static const auto loaded =
      LoadedModel::load(test_data("checkpoints/qwen3-untied-2shards-bf16"), {.backend = {.cpu = {.num_threads = 2}}});
  return *loaded;
}

std::vector<Request> random_requests(std::uint32_t seed) {
  std::mt19937 random(seed);
  const auto below = [&](std::uint32_t n) { return static_cast<int>(random() % n); };
  std::vector<std::vector<TokenId>> stems(6);
  for (auto& stem : stems) {
    for (int i = below(60); i >= 0; --i) stem.push_back(below(329));
  }
  std::vector<Request> requests;
  for (int i = 0; i < kNumRequests; ++i) {
    Request request;
    if (below(2) == 0) request.prompt = stems[static_cast<std::size_t>(below(6))];  // shared prefixes
    for (int n = below(below(10) == 0 ? 90 : 12); n >= 0; --n) request.prompt.push_back(below(329));
    SamplingParams& params = request.params;
    params.mode = below(3) == 0 ? DecodeMode::kAutoregressive : DecodeMode::kStreaming;
    params.max_tokens = 1 + below(below(3) == 0 ? 60 : 20);
    params.window_size = 1 + below(20);
    params.position_penalty = 0.02F * static_cast<float>(below(5));
    params.entropy_threshold = static_cast<float>(1 + below(60)) / 10;
    if (below(5) == 0) params.entropy_threshold.reset();
    if (below(4) == 0) params.max_per_step = 1 + below(4);
    if (below(3) == 0) params.fallback = Fallback::kLeftmost;
    params.temperature = below(2) == 0 ? 0.0F : 0.9F;
    if (below(3) == 0) params.filters.top_k = 20;
    if (below(3) == 0) params.filters.top_p = 0.8F;
    params.seed = static_cast<std::uint64_t>(below(1000));
    if (below(4) == 0) params.stop_token_ids = {static_cast<TokenId>(below(329)), static_cast<TokenId>(below(329))};
    request.priority = below(3);
    requests.push_back(std::move(request));
  }
  return requests;
}

std::vector<Result> run_alone(const std::vector<Request>& requests) {
  Engine engine(model(), {.max_num_seqs = 1, .enable_prefix_cache = false});
  std::vector<Result> results;
  for (const Request& request : requests) results.push_back(engine.submit(request)->wait());
  return results;
}

bool is_prefix(const std::vector<TokenId>& shorter, const std::vector<TokenId>& longer) {
  return shorter.size() <= longer.size() && std::equal(shorter.begin(), shorter.end(), longer.begin());
}

class EngineRandomTest : public testing::TestWithParam<int> {};

TEST_P(EngineRandomTest, EveryTextEqualsTheRequestRunAlone) {
  const int block_size = GetParam();
  const std::vector<Request> requests = random_requests(static_cast<std::uint32_t>(block_size));
  const std::vector<Result> alone = run_alone(requests);
  const auto bytes_per_token =
      static_cast<std::size_t>(model().config().kv_bytes_per_token(EngineOptions().kv_cache_type));
  Engine engine(model(), {.max_num_seqs = 24,
                          .max_num_batched_tokens = 100,
                          .block_size = block_size,
                          .cache_bytes = bytes_per_token * 224});
  std::mt19937 random(99);
  std::vector<std::shared_ptr<ResponseStream>> streams;
  std::vector<bool> is_cancelled(requests.size(), false);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    streams.push_back(engine.submit(requests[i]));
    if (random() % 10 == 0) {
      // Most often the newest, which has hardly begun; any other may have ended long ago.
      const std::size_t victim = random() % 4 != 0 ? i : random() % streams.size();
      streams[victim]->cancel();
      is_cancelled[victim] = true;
    }
    // In bursts, so that the queue is now long and now empty.
    if (random() % 200 == 0) streams[random() % streams.size()]->wait();
  }
  int num_cancelled = 0;
  for (std::size_t i = 0; i < streams.size(); ++i) {
    const Result& result = streams[i]->wait();
    if (result.finish_reason == FinishReason::kCancelled) {
      ++num_cancelled;
      EXPECT_TRUE(is_cancelled[i]);
      EXPECT_TRUE(is_prefix(result.token_ids, alone[i].token_ids)) << "request " << i;
    } else {
      EXPECT_EQ(result.token_ids, alone[i].token_ids)
          << "request " << i << " after " << result.stats.preemptions << " preemptions";
      EXPECT_EQ(result.finish_reason, alone[i].finish_reason);
    }
  }
  const EngineStats stats = engine.stats();
  EXPECT_EQ(stats.num_free_blocks, stats.num_blocks) << "every page comes back";
  EXPECT_EQ(stats.finished_requests, kNumRequests);
  EXPECT_EQ(stats.num_waiting + stats.num_running, 0);
  EXPECT_GT(stats.preemptions, 5) << "the cache was meant to be too small";
  EXPECT_GT(stats.prefix_cache_hits, 1000);
  EXPECT_LT(stats.steps, stats.rows / 20) << "forwards were meant to be shared";
  EXPECT_GT(num_cancelled, 5);
}

INSTANTIATE_TEST_SUITE_P(BlockSizes, EngineRandomTest, testing::Values(4, 16));

}  // namespace
}  // namespace wedlm
