// What a reader of a request is promised, however slow it is, with a thread and without one, and when it goes away.
#include "wedlm/engine/response_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <semaphore>
#include <stdexcept>
#include <thread>

#include "tests/engine/engine_fixtures.h"
#include "wedlm/base/error.h"
#include "wedlm/engine/engine.h"
#include "wedlm/engine/response_channel.h"

namespace wedlm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// All that a reader saw, put together.
struct Seen {
  std::vector<TokenId> token_ids;
  std::string text;
  std::string verified;
  int num_events = 0;

  void add(const StreamEvent& event) {
    token_ids.insert(token_ids.end(), event.token_ids.begin(), event.token_ids.end());
    text += event.text;
    for (const VerifiedText& it : event.verified) verified += event.text.substr(it.first_byte, it.num_bytes);
    ++num_events;
  }
};

TEST(ResponseChannelTest, WhatWasNotTakenBecomesOneEvent) {
  const auto channel = std::make_shared<ResponseChannel>(std::function<void()>());
  ResponseStream stream(channel);
  EXPECT_EQ(stream.try_next(), std::nullopt);
  channel->push({.token_ids = {1, 2},
                 .scores = {{.log_prob = -1}, {.log_prob = -2}},
                 .text = "one two",
                 .verified = {{.first_byte = 0, .num_bytes = 3}},
                 .window = {{.token = 3, .filled = true}},
                 .rejected = {9}});
  channel->push({.token_ids = {3}, .scores = {{.log_prob = -3}}, .text = " three"});
  channel->push({.token_ids = {4, 5},
                 .scores = {{.log_prob = -4}, {.log_prob = -5}},
                 .text = " four five",
                 .verified = {{.first_byte = 1, .num_bytes = 4}},
                 .window = {{.token = 6, .filled = true}, {}},
                 .rejected = {7, 8}});
  const StreamEvent event = stream.try_next().value();
  EXPECT_THAT(event.token_ids, ElementsAre(1, 2, 3, 4, 5));
  EXPECT_EQ(event.text, "one two three four five");
  ASSERT_EQ(event.scores.size(), 5U);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(event.scores[static_cast<std::size_t>(i)].log_prob, static_cast<float>(-1 - i));
  ASSERT_EQ(event.verified.size(), 2U);
  EXPECT_EQ(event.text.substr(event.verified[0].first_byte, event.verified[0].num_bytes), "one");
  EXPECT_EQ(event.text.substr(event.verified[1].first_byte, event.verified[1].num_bytes), "four");
  ASSERT_EQ(event.window.size(), 2U) << "the last one";
  EXPECT_EQ(event.window[0].token, 6);
  EXPECT_THAT(event.rejected, ElementsAre(7, 8)) << "of the last step";
  EXPECT_EQ(stream.try_next(), std::nullopt);
  EXPECT_FALSE(stream.is_finished());
  channel->push({.token_ids = {6}});
  channel->finish({.text = "all"});
  EXPECT_FALSE(stream.is_finished()) << "an event is there yet";
  EXPECT_THAT(stream.next_for(std::chrono::hours(1)).value().token_ids, ElementsAre(6));
  EXPECT_TRUE(stream.is_finished());
  EXPECT_EQ(stream.next_for(std::chrono::hours(1)), std::nullopt) << "nothing is waited for";
  EXPECT_EQ(stream.wait().text, "all");
}

TEST(ResponseChannelTest, AsManyEventsWaitAsWereAskedFor) {
  int num_calls = 0;
  const auto channel = std::make_shared<ResponseChannel>([&] { ++num_calls; }, 2);
  ResponseStream stream(channel);
  channel->push({.text = "a", .rejected = {1}});
  channel->push({.text = "b"});
  channel->push({.text = "c", .rejected = {3}});
  channel->finish({});
  EXPECT_EQ(num_calls, 2) << "of the first event, and of the end";
  const StreamEvent first = stream.try_next().value();
  EXPECT_EQ(first.text, "a");
  EXPECT_THAT(first.rejected, ElementsAre(1));
  EXPECT_FALSE(stream.is_finished());
  const StreamEvent second = stream.try_next().value();
  EXPECT_EQ(second.text, "bc");
  EXPECT_THAT(second.rejected, ElementsAre(3));
  EXPECT_TRUE(stream.is_finished());
  EXPECT_EQ(stream.try_next(), std::nullopt);
}

TEST(ResponseChannelTest, TellsOnceThatThereIsSomethingAndOnceOfTheEnd) {
  int num_calls = 0;
  const auto channel = std::make_shared<ResponseChannel>([&] { ++num_calls; });
  auto stream = std::make_unique<ResponseStream>(channel);
  channel->push({.text = "a"});
  channel->push({.text = "b"});
  EXPECT_EQ(num_calls, 1) << "the reader knows already";
  EXPECT_EQ(stream->try_next().value().text, "ab");
  channel->push({.text = "c"});
  EXPECT_EQ(num_calls, 2);
  channel->finish({});
  EXPECT_EQ(num_calls, 3);
  EXPECT_FALSE(channel->is_cancelled());
  stream.reset();
  EXPECT_TRUE(channel->is_cancelled()) << "nobody is left to read";
  channel->push({.text = "d"});
  channel->finish({});
  EXPECT_EQ(num_calls, 3) << "it may be gone as well";
}

TEST(ResponseChannelTest, TheEndCanBeWaitedForWithoutTakingEvents) {
  const auto channel = std::make_shared<ResponseChannel>(std::function<void()>());
  ResponseStream stream(channel);
  channel->push({.text = "a"});
  EXPECT_FALSE(stream.wait_for(std::chrono::milliseconds(0)));
  EXPECT_FALSE(stream.wait_for(std::chrono::milliseconds(1))) << "an event is not the end";
  std::thread writer([&] { channel->finish({.text = "all"}); });
  EXPECT_TRUE(stream.wait_for(std::chrono::hours(1)));
  writer.join();
  EXPECT_FALSE(stream.is_finished()) << "the event is there yet";
  EXPECT_EQ(stream.try_next().value().text, "a");
}

TEST(ResponseChannelTest, AReaderThatCannotBeToldIsGone) {
  int num_calls = 0;
  const auto channel = std::make_shared<ResponseChannel>([&] {
    ++num_calls;
    throw std::runtime_error("the loop has stopped");
  });
  const ResponseStream stream(channel);
  channel->push({.text = "a"});
  EXPECT_TRUE(channel->is_cancelled());
  channel->finish({});
  EXPECT_EQ(num_calls, 1);
}

TEST(ResponseStreamTest, SlowAndEagerReadersSeeTheSame) {
  for (const DecodeMode mode : {DecodeMode::kStreaming, DecodeMode::kExact}) {
    SamplingParams params = greedy(100);
    params.mode = mode;
    params.window_size = 8;
    Request request{.prompt = question("Count from 1 to 30."), .params = params, .report_window = true};
    std::counting_semaphore<> num_read(0);
    Engine lazy_engine(nano(), {}),
        eager_engine(nano(), {});  // two, or the second would draft what the first has learned
    const auto lazy_stream = lazy_engine.submit(request);
    const Result result = lazy_stream->wait();  // and reads nothing until the end
    Seen lazy, eager;
    while (const auto event = next_event(*lazy_stream)) lazy.add(*event);
    // The engine is held until an event is taken, or it might be faster than any reader; and until the end is seen.
    request.on_ready = [&] { num_read.acquire(); };
    const auto eager_stream = eager_engine.submit(request);
    while (const auto event = next_event(*eager_stream)) {
      eager.add(*event);
      num_read.release();
    }
    num_read.release();
    EXPECT_EQ(lazy.num_events, 1);
    EXPECT_GT(eager.num_events, 5);
    EXPECT_EQ(lazy.token_ids, result.token_ids);
    EXPECT_EQ(lazy.text, result.text);
    EXPECT_EQ(eager.token_ids, lazy.token_ids);
    EXPECT_EQ(eager.text, lazy.text);
    EXPECT_EQ(eager.verified, lazy.verified);
    EXPECT_EQ(lazy.verified.empty(), mode == DecodeMode::kStreaming);
  }
}

/// What a server has: one thread that is handed work by others.
class Loop {
 public:
  void post(std::size_t stream) {
    {
      const std::lock_guard lock(mutex_);
      posted_.push_back(stream);
    }
    changed_.notify_one();
  }
  std::size_t take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !posted_.empty(); });
    const std::size_t stream = posted_.front();
    posted_.pop_front();
    return stream;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::size_t> posted_;
};

TEST(ResponseStreamTest, OneThreadReadsAThousandStreams) {
  constexpr std::size_t kNumStreams = 1000;
  Loop loop;  // outlives the engine, which posts to it
  Engine engine(tiny(), {.max_num_seqs = 64, .max_waiting = static_cast<int>(kNumStreams)});
  std::vector<std::shared_ptr<ResponseStream>> streams;
  for (std::size_t i = 0; i < kNumStreams; ++i) {
    SamplingParams params = greedy(1 + static_cast<int>(i % 20));
    params.mode = i % 2 == 0 ? DecodeMode::kAutoregressive : DecodeMode::kStreaming;
    streams.push_back(engine.submit(
        {.prompt = prompt(1 + static_cast<int>(i % 17)), .params = params, .on_ready = [&loop, i] { loop.post(i); }}));
  }
  std::vector<Seen> seen(kNumStreams);
  std::vector<bool> has_ended(kNumStreams, false);
  for (std::size_t num_ended = 0; num_ended < kNumStreams;) {
    const std::size_t i = loop.take();
    while (const auto event = streams[i]->try_next()) seen[i].add(*event);
    if (!streams[i]->is_finished() || has_ended[i]) continue;
    has_ended[i] = true;
    ++num_ended;
  }
  for (std::size_t i = 0; i < kNumStreams; ++i) {
    ASSERT_EQ(seen[i].token_ids, streams[i]->wait().token_ids) << i;
    ASSERT_EQ(seen[i].token_ids.size(), 1 + i % 20) << i;
  }
}

/// Waits until the engine has nothing left, for a minute at most.
EngineStats stats_when_idle(const Engine& engine) {
  EngineStats stats = engine.stats();
  for (int i = 0; i < 60'000 && stats.num_waiting + stats.num_running > 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    stats = engine.stats();
  }
  return stats;
}

TEST(ResponseStreamTest, DroppingTheLastReaderCancels) {
  Engine engine(tiny(), {.max_num_seqs = 2});
  SamplingParams params = greedy(450);
  params.mode = DecodeMode::kAutoregressive;  // a row for each token
  std::vector<std::shared_ptr<ResponseStream>> streams;
  for (int i = 0; i < 6; ++i) streams.push_back(engine.submit({.prompt = prompt(20), .params = params}));
  EXPECT_NE(next_event(*streams[0]), std::nullopt) << "two run and four wait";
  const auto kept = streams[1];
  streams.clear();
  EXPECT_EQ(kept->wait().finish_reason, FinishReason::kLength) << "another owner is left";
  const EngineStats stats = stats_when_idle(engine);
  EXPECT_EQ(stats.num_waiting + stats.num_running, 0);
  EXPECT_EQ(stats.finished_requests, 6);
  EXPECT_EQ(stats.num_free_blocks, stats.num_blocks);
  EXPECT_LT(stats.rows, 5 * 450) << "they were not computed to their ends";
}

TEST(ResponseStreamTest, ADroppedReaderIsNotCalledAnyMore) {
  Engine engine(tiny(), {});
  for (int i = 0; i < 50; ++i) {
    auto is_alive = std::make_unique<std::atomic<bool>>(true);
    auto* alive = is_alive.get();
    auto stream = engine.submit(
        {.prompt = prompt(3), .params = greedy(200), .on_ready = [alive] { EXPECT_TRUE(alive->load()); }});
    std::this_thread::sleep_for(std::chrono::microseconds(100 * i));
    stream->try_next();
    stream.reset();
    *is_alive = false;
    is_alive.reset();
  }
  EXPECT_EQ(stats_when_idle(engine).finished_requests, 50);
}

TEST(ResponseStreamTest, AnEngineThatIsFullSaysSo) {
  Engine engine(tiny(), {.max_num_seqs = 1, .max_waiting = 3});
  // What on_ready must not do holds the engine's thread where the test wants it: at each of the first three events.
  std::promise<void> is_held[3], go_on[3];
  int num_calls = 0;
  const auto hold = [&] {
    const int event = num_calls++;
    if (event >= 3) return;
    is_held[event].set_value();
    go_on[event].get_future().wait();
  };
  SamplingParams params = greedy(50);
  params.mode = DecodeMode::kAutoregressive;  // an event with each step
  const auto first = engine.submit({.prompt = prompt(3), .params = params, .on_ready = hold});
  const auto take_event = [&](int event) {
    is_held[event].get_future().wait();
    EXPECT_NE(first->try_next(), std::nullopt);
  };
  take_event(0);
  go_on[0].set_value();
  take_event(1);
  EXPECT_EQ(engine.stats().num_waiting, 0);
  std::vector<std::shared_ptr<ResponseStream>> others;
  for (int i = 1; i <= 3; ++i) {
    others.push_back(engine.submit({.prompt = prompt(3), .params = greedy(5)}));
    EXPECT_EQ(engine.stats().num_waiting, i) << "those that the engine has not looked at, too";
  }
  try {
    engine.submit({.prompt = prompt(3), .params = greedy(5)});
    ADD_FAILURE() << "it was not full";
  } catch (const ResourceError& error) {
    EXPECT_THAT(error.what(), HasSubstr("engine is full"));
    EXPECT_THAT(error.what(), HasSubstr("max_waiting 3"));
  }
  go_on[1].set_value();
  take_event(2);
  EXPECT_EQ(engine.stats().num_waiting, 3) << "taken in, and the step has not ended";
  go_on[2].set_value();
  for (const auto& stream : others) EXPECT_EQ(stream->wait().token_ids.size(), 5U);
  EXPECT_EQ(engine.submit({.prompt = prompt(3), .params = greedy(5)})->wait().token_ids.size(), 5U);
  EXPECT_THROW(Engine(tiny(), {.max_waiting = 0}), InvalidInput);
}

TEST(ResponseStreamTest, WhoHasAPlaceDoesNotWait) {
  Engine engine(tiny(), {.max_num_seqs = 4, .max_waiting = 1});
  std::vector<std::shared_ptr<ResponseStream>> all;
  for (int i = 0; i < 5; ++i) all.push_back(engine.submit({.prompt = prompt(3), .params = greedy(20)}));
  for (const auto& stream : all) EXPECT_EQ(stream->wait().token_ids.size(), 20U);
}

}  // namespace
}  // namespace wedlm
