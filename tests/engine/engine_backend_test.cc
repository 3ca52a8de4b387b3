// The engine over a backend that behaves as a device, and two engines over one model.
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "tests/support/data.h"
#include "tests/support/queued_backend.h"
#include "wedlm/engine/engine.h"
#include "wedlm/engine/loaded_model.h"

namespace wedlm {
namespace {

std::vector<Request> requests(const LoadedModel& model) {
  std::vector<Request> all;
  for (const DecodeMode mode : {DecodeMode::kStreaming, DecodeMode::kExact, DecodeMode::kAutoregressive}) {
    for (const char* prompt : {"Count from 3 to 9: ", "The opposite of hot is"}) {
      Request request;
      request.prompt = model.tokenizer()->encode(prompt);
      request.params.mode = mode;
      request.params.max_tokens = 12;
      request.params.temperature = mode == DecodeMode::kExact ? 0.8F : 0;
      request.params.seed = 11;
      all.push_back(std::move(request));
    }
  }
  return all;
}

/// The tokens of all answers, which were asked for together.
std::vector<std::vector<TokenId>> answers(LoadedModel& model) {
  Engine engine(model, {.max_num_batched_tokens = 64, .max_model_len = 128});
  std::vector<std::shared_ptr<ResponseStream>> streams;
  for (Request& request : requests(model)) streams.push_back(engine.submit(std::move(request)));
  std::vector<std::vector<TokenId>> tokens;
  for (const auto& stream : streams) tokens.push_back(stream->wait().token_ids);
  return tokens;
}

TEST(EngineBackendTest, ADeviceGivesTheTextsOfTheReference) {
  const auto reference = LoadedModel::load(nano_model(), {.backend = {.name = "reference"}});
  const auto queued = LoadedModel::load(nano_model(), {}, make_queued_backend());
  const std::vector<std::vector<TokenId>> expected = answers(*reference);
  for (const std::vector<TokenId>& tokens : expected) EXPECT_FALSE(tokens.empty());
  EXPECT_EQ(answers(*queued), expected);
}

TEST(EngineBackendTest, TwoEnginesMayShareAModel) {
  const auto model = LoadedModel::load(nano_model(), {.backend = {.cpu = {.num_threads = 2}}});
  const std::vector<std::vector<TokenId>> expected = answers(*model);
  std::vector<std::vector<std::vector<TokenId>>> got(2);
  std::vector<std::thread> threads;
  for (auto& tokens : got) {
    threads.emplace_back([&tokens, &model] { tokens = answers(*model); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(got[0], expected);
  EXPECT_EQ(got[1], expected);
}

}  // namespace
}  // namespace wedlm
