// The promise of the exact mode: token for token the text of autoregressive decoding, whatever the window, the
// threshold, the batch and the schedule. Thousands of random requests on every backend and instruction set that the
// machine has, in batches with all other modes, through a cache that is too small for them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <memory>
#include <random>

#include "tests/support/data.h"
#include "wedlm/backend/cpu/isa/select.h"
#include "wedlm/engine/engine.h"
#include "wedlm/engine/loaded_model.h"
#include "wedlm/model/kv_cache.h"

namespace wedlm {
namespace {

struct Case {
  std::string model;  // "nano", or one of tests/data/checkpoints
  std::string backend;
  std::string isa;  // of the cpu backend
  int num_requests = 0;
  DType kv_cache_type = EngineOptions().kv_cache_type;

  std::string name() const {
    std::string name = model + "_" + backend + (isa.empty() ? "" : "_" + isa);
    if (kv_cache_type != EngineOptions().kv_cache_type) name += "_" + std::string(kv_cache_type_name(kv_cache_type));
    std::ranges::replace_if(
        name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
    return name;
  }
};

/// On any machine 2,000 requests at least. The plain loops take their time with the shipped model.
std::vector<Case> cases() {
  const std::vector<std::string> levels = supported_kernels();
  const int num_requests = std::max(150, 400 / static_cast<int>(levels.size()));
  std::vector<Case> cases = {{"nano", "reference", "", 60}};
  for (const char* model : {"qwen2.5-bias-f16", "qwen3-tied-f32-headdim32", "qwen3-untied-2shards-bf16"}) {
    cases.push_back({model, "reference", "", 75});
    for (const std::string& isa : levels) cases.push_back({model, "cpu", isa, num_requests});
  }
  for (const std::string& isa : levels) cases.push_back({"nano", "cpu", isa, num_requests});
  cases.push_back({"nano", "cpu", levels.front(), num_requests, DType::kF32});
  cases.push_back({"nano", "cpu", levels.back(), num_requests, DType::kI8});
  return cases;
}

std::unique_ptr<LoadedModel> load(const Case& of, std::optional<TokenId> mask_token_id) {
  if (!of.isa.empty()) setenv("WEDLM_ISA", of.isa.c_str(), 1);
  const bool is_nano = of.model == "nano";
  auto model = LoadedModel::load(
      is_nano ? nano_model() : test_data("checkpoints") / of.model,
      {.backend = {.name = of.backend, .cpu = {.num_threads = is_nano ? 2 : 1}}, .mask_token_id = mask_token_id});
  unsetenv("WEDLM_ISA");
  return model;
}

class RandomRequests {
 public:
  RandomRequests(LoadedModel& model, std::uint32_t seed) : model_(model), random_(seed) {
    for (int i = 0; i < 6; ++i) stems_.push_back(random_tokens(1 + below(40)));
    if (model.tokenizer() == nullptr || model.chat_template() == nullptr) return;
    for (const char* text : {"Count from 7 to 19.", "What is 34 + 58?", "Solve: 3x + 3 = 15", "Count from 95 to 104",
                             "Tom has 12 apples and buys 5 more. How many apples does Tom have now?"}) {
      stems_.push_back(
          model.tokenizer()->encode("<|im_start|>user\n" + std::string(text) + "<|im_end|>\n<|im_start|>assistant\n"));
    }
  }

  int below(int bound) { return static_cast<int>(random_() % static_cast<std::uint32_t>(bound)); }
  float uniform() { return static_cast<float>(random_() % 1000) / 1000; }

  Request next() {
    Request request;
    if (below(4) != 0) request.prompt = stems_[static_cast<std::size_t>(below(static_cast<int>(stems_.size())))];
    if (request.prompt.empty() || below(2) == 0) {
      for (const TokenId token : random_tokens(1 + below(12))) request.prompt.push_back(token);
    }
    // What occurs twice is there for the lookup.
    if (below(4) == 0) request.prompt.insert(request.prompt.end(), request.prompt.begin(), request.prompt.end());
    SamplingParams& params = request.params;
    params.max_tokens = 1 + below(below(3) == 0 ? 70 : 30);
    // Random weights repeat themselves after a while, and only then are guesses about them right.
    if (model_.tokenizer() == nullptr && below(8) == 0) params.max_tokens = 150;
    params.temperature = below(2) == 0 ? 0.0F : 0.1F + uniform();
    if (below(3) == 0) params.filters.top_k = 1 + below(40);
    if (below(3) == 0) params.filters.top_p = 0.3F + 0.7F * uniform();
    if (below(5) == 0) params.filters.min_p = 0.3F * uniform();
    if (below(4) == 0) params.filters.order = FilterOrder::kOriginal;
    AdjustmentRules& rules = params.adjustments;
    if (below(5) == 0) rules.repetition_penalty = 0.8F + uniform();
    if (below(5) == 0) rules.frequency_penalty = 2 * uniform() - 0.5F;
    if (below(5) == 0) rules.presence_penalty = 2 * uniform() - 0.5F;
    if (below(6) == 0) rules.no_repeat_ngram_size = 1 + below(5);
    if (below(5) == 0) rules.logit_bias = {{below(300), 4.0F}, {below(300), -4.0F}, {below(300), 8 * uniform()}};
    if (below(5) == 0) rules.suppress_tokens = random_tokens(20);
    params.seed = random_();
    params.ignore_eos = below(3) == 0;
    request.priority = below(3);
    return request;
  }

  /// Of the exact mode; or of another, to be in the same batch.
  void set_mode(SamplingParams& params, DecodeMode mode) {
    params.mode = mode;
    if (below(3) != 0) params.window_size = 1 + below(32);
    params.draft_threshold = below(4) == 0 ? static_cast<float>(below(2)) : uniform();
    params.prompt_lookup = below(3) != 0;
    if (below(4) == 0) params.max_per_step = 1 + below(6);
    if (mode == DecodeMode::kStreaming) params.entropy_threshold = 0.1F + uniform();
    if (mode == DecodeMode::kGated && below(2) == 0) params.agreement = 0.5F + uniform() / 3;
  }

 private:
  std::vector<TokenId> random_tokens(int count) {
    std::vector<TokenId> tokens;
    while (count-- > 0) tokens.push_back(below(std::min(300, static_cast<int>(model_.config().vocab_size))));
    return tokens;
  }

  LoadedModel& model_;
  std::mt19937 random_;
  std::vector<std::vector<TokenId>> stems_;
};

/// Computed by a simple engine: no cache is shared and nothing is preempted.
std::vector<Result> autoregressive_texts(LoadedModel& model, std::vector<Request> requests,
                                         DType kv_cache_type = EngineOptions().kv_cache_type) {
  Engine engine(model, {.kv_cache_type = kv_cache_type, .enable_prefix_cache = false});
  std::vector<std::shared_ptr<ResponseStream>> streams;
  for (Request& request : requests) {
    request.params.mode = DecodeMode::kAutoregressive;
    streams.push_back(engine.submit(std::move(request)));
  }
  std::vector<Result> results;
  for (const auto& stream : streams) results.push_back(stream->wait());
  return results;
}

/// The token that the model says most often here.
TokenId most_frequent_token(LoadedModel& model) {
  RandomRequests random(model, 3);
  std::vector<Request> requests;
  for (int i = 0; i < 20; ++i) requests.push_back(random.next());
  std::vector<int> counts(static_cast<std::size_t>(model.config().vocab_size));
  for (const Result& result : autoregressive_texts(model, requests)) {
    for (const TokenId token : result.token_ids) ++counts[static_cast<std::size_t>(token)];
  }
  for (const TokenId token : model.eos_token_ids()) counts[static_cast<std::size_t>(token)] = 0;
  return static_cast<TokenId>(std::ranges::max_element(counts) - counts.begin());
}

/// Ends some texts in the middle: by a token of theirs, or by a piece of what they say.
void add_stops(RandomRequests& random, const Tokenizer* tokenizer, std::vector<Request>& requests,
               const std::vector<Result>& texts) {
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const std::vector<TokenId>& tokens = texts[i].token_ids;
    const auto at = static_cast<std::size_t>(random.below(static_cast<int>(tokens.size())));
    if (random.below(4) == 0) requests[i].params.stop_token_ids = {tokens[at]};
    if (tokenizer == nullptr || texts[i].text.size() < 4 || random.below(4) != 0) continue;
    const auto first = static_cast<std::size_t>(random.below(static_cast<int>(texts[i].text.size()) - 3));
    requests[i].params.stop = {texts[i].text.substr(first, 3)};
  }
}

class ExactRandomTest : public testing::TestWithParam<Case> {};

/// What a comparison has seen, so that one that saw nothing fails.
struct Seen {
  std::int64_t num_verified = 0, num_accepted = 0, num_stopped = 0;

  void add(const Result& result) {
    num_verified += result.stats.drafts.num_verified();
    num_accepted += result.stats.drafts.num_accepted();
    num_stopped += result.finish_reason == FinishReason::kStop ? 1 : 0;
  }
};

TEST_P(ExactRandomTest, TheTextIsThatOfAutoregressiveDecoding) {
  // With a mask token that the model likes to say, so that its ban matters.
  auto model = load(GetParam(), std::nullopt);
  const bool bans_frequent = GetParam().model != "nano";
  if (bans_frequent) model = load(GetParam(), most_frequent_token(*model));

  RandomRequests random(*model, static_cast<std::uint32_t>(GetParam().num_requests));
  std::vector<Request> requests;
  for (int i = 0; i < GetParam().num_requests; ++i) requests.push_back(random.next());
  add_stops(random, model->tokenizer(), requests, autoregressive_texts(*model, requests));
  const DType kv_cache_type = GetParam().kv_cache_type;
  const std::vector<Result> expected = autoregressive_texts(*model, requests, kv_cache_type);

  const auto bytes_per_token = static_cast<std::size_t>(model->config().kv_bytes_per_token(kv_cache_type));
  Engine engine(*model, {.max_num_seqs = 32,
                         .max_num_batched_tokens = 150,
                         .block_size = 4,
                         .kv_cache_type = kv_cache_type,
                         .cache_bytes = bytes_per_token * 240});
  std::vector<std::shared_ptr<ResponseStream>> streams, others;
  for (Request& request : requests) {
    random.set_mode(request.params, DecodeMode::kExact);
    streams.push_back(engine.submit(request));
    if (random.below(3) != 0) continue;
    Request other = random.next();
    constexpr std::array kOthers = {DecodeMode::kAutoregressive, DecodeMode::kStreaming, DecodeMode::kGated};
    random.set_mode(other.params, kOthers[static_cast<std::size_t>(random.below(3))]);
    others.push_back(engine.submit(std::move(other)));
  }
  Seen seen;
  for (std::size_t i = 0; i < streams.size(); ++i) {
    const Result& result = streams[i]->wait();
    ASSERT_EQ(result.finish_reason, expected[i].finish_reason) << "request " << i << " " << result.error;
    ASSERT_EQ(result.token_ids, expected[i].token_ids) << "request " << i;
    ASSERT_EQ(result.text, expected[i].text) << "request " << i;
    ASSERT_EQ(std::ranges::count(result.token_ids, model->config().mask_token_id), 0) << "request " << i;
    ASSERT_LE(result.stats.decode_forwards, std::ssize(result.token_ids)) << "each forward yields a token";
    seen.add(result);
  }
  for (const auto& other : others) EXPECT_NE(other->wait().finish_reason, FinishReason::kError);
  const EngineStats stats = engine.stats();
  EXPECT_EQ(stats.num_free_blocks, stats.num_blocks) << "every page comes back";
  EXPECT_GT(stats.preemptions, 0) << "the cache was meant to be too small";
  EXPECT_GT(stats.prefix_cache_hits, 0);
  EXPECT_GT(seen.num_accepted, 0) << "drafts were meant to be right";
  EXPECT_GT(seen.num_verified, seen.num_accepted) << "drafts were meant to be wrong, too";
  EXPECT_GT(seen.num_stopped, std::ssize(requests) / 10);
}

TEST_P(ExactRandomTest, EveryLengthEndsWhereAutoregressiveDecodingEnds) {
  const auto model = load(GetParam(), GetParam().model == "nano" ? std::nullopt : std::optional<TokenId>(1));
  RandomRequests random(*model, 5);
  std::vector<Request> requests;
  Request request = random.next();
  request.params.temperature = 0;
  request.params.ignore_eos = true;
  for (int max_tokens = 1; max_tokens <= 40; ++max_tokens) {
    request.params.max_tokens = max_tokens;
    requests.push_back(request);
  }
  const std::vector<Result> expected = autoregressive_texts(*model, requests);
  Engine engine(*model, {});
  for (std::size_t i = 0; i < requests.size(); ++i) {
    requests[i].params.mode = DecodeMode::kExact;
    requests[i].params.draft_threshold = 0;
    if (i % 2 == 0) requests[i].params.window_size = 16;
    const Result result = engine.submit(requests[i])->wait();
    EXPECT_EQ(result.token_ids, expected[i].token_ids) << "max_tokens " << i + 1;
    EXPECT_EQ(result.finish_reason, FinishReason::kLength);
  }
}

INSTANTIATE_TEST_SUITE_P(Backends, ExactRandomTest, testing::ValuesIn(cases()),
                         [](const auto& instance) { return instance.param.name(); });

}  // namespace
}  // namespace wedlm
