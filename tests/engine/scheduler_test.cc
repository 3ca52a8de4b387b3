// Steps without a model: what is scheduled is looked at, and what a forward would have answered is made up.
#include "wedlm/engine/scheduler.h"

#include <gtest/gtest.h>

#include "wedlm/base/error.h"
#include "wedlm/engine/response_stream.h"

namespace wedlm {
namespace {

class SchedulerTest : public testing::Test {
 protected:
  std::shared_ptr<ResponseStream> add(Scheduler& scheduler, std::size_t prompt_length, const SamplingParams& params) {
    Request request{.prompt = std::vector<TokenId>(prompt_length, 7), .params = params};
    auto sequence = std::make_unique<Sequence>(std::move(request), num_added_++, limits_, statistics_);
    auto stream = std::make_shared<ResponseStream>(sequence->channel());
    streams_.push_back(stream);  // one that is dropped cancels
    scheduler.add(std::move(sequence));
    return stream;
  }

  static void close_retired(Scheduler& scheduler) {
    for (const auto& sequence : scheduler.take_retired()) sequence->close(Clock::now());
  }

  SequenceLimits limits_{.max_model_len = 100};
  DraftStatistics statistics_;
  BlockManager blocks_{40, 4, false};
  std::uint64_t num_added_ = 0;
  std::vector<std::shared_ptr<ResponseStream>> streams_;
};

TEST_F(SchedulerTest, WhatCannotBeMeasuredEndsTheRequestThatNeedsItAndNoOther) {
  int num_measured = 0;
  Scheduler scheduler({.max_num_seqs = 8, .max_num_batched_tokens = 64}, blocks_, [&] {
    if (++num_measured == 1) throw ResourceError("no memory for a forward");
    return RowCosts({{.rows = 1, .seconds = 1}});
  });
  add(scheduler, 5, {});
  EXPECT_EQ(num_measured, 0) << "a window of given size needs no costs";
  const auto failing = add(scheduler, 5, {.mode = DecodeMode::kExact});
  EXPECT_EQ(scheduler.schedule().size(), 1U);
  close_retired(scheduler);
  EXPECT_EQ(failing->wait().finish_reason, FinishReason::kError);
  EXPECT_EQ(failing->wait().error, "no memory for a forward");
  EXPECT_EQ(scheduler.num_running(), 1);

  const auto next = add(scheduler, 5, {.mode = DecodeMode::kExact});
  add(scheduler, 5, {.mode = DecodeMode::kGated});
  EXPECT_EQ(num_measured, 2) << "once more, and then it is known";
  EXPECT_EQ(scheduler.schedule().size(), 3U);
  EXPECT_FALSE(next->is_finished());
}

TEST_F(SchedulerTest, OnlyTheWindowOfAGatedRequestWithASeedKnowsNoCosts) {
  const auto num_rows = [&](const SamplingParams& params, double seconds_per_row) {
    Scheduler scheduler({.max_num_seqs = 8, .max_num_batched_tokens = 200}, blocks_, [&] {
      return RowCosts({{.rows = 1, .seconds = 1}, {.rows = 2, .seconds = 1 + seconds_per_row}});
    });
    add(scheduler, 5, {.mode = DecodeMode::kExact});  // has the costs measured
    add(scheduler, 5, params);
    const Step step = scheduler.schedule();
    EXPECT_EQ(step.size(), 2U);
    const std::int64_t count = std::ssize(step.back().window.rows);
    scheduler.abort_all(FinishReason::kCancelled, "");
    return count;
  };
  const SamplingParams seeded{.mode = DecodeMode::kGated, .seed = 1};
  EXPECT_EQ(num_rows(seeded, 1e-6), num_rows(seeded, 100));
  EXPECT_GT(num_rows(seeded, 1), 2);
  for (const SamplingParams& other :
       {SamplingParams{.mode = DecodeMode::kGated}, SamplingParams{.mode = DecodeMode::kExact, .seed = 1},
        SamplingParams{.mode = DecodeMode::kGated, .seed = 1, .gate = Gate::kEquality}}) {
    EXPECT_GT(num_rows(other, 1e-6), num_rows(other, 100));
  }
}

TEST_F(SchedulerTest, TheRowThatIsAskedForTheNextTokenIsInTheStepThatAsksIt) {
  for (std::size_t prompt_length = 1; prompt_length <= 40; ++prompt_length) {
    for (const DecodeMode mode : {DecodeMode::kAutoregressive, DecodeMode::kExact, DecodeMode::kGated}) {
      Scheduler scheduler({.max_num_seqs = 8, .max_num_batched_tokens = 10}, blocks_,
                          []() -> RowCosts { throw InternalError("not needed"); });
      add(scheduler, prompt_length, {.mode = mode, .max_tokens = 30, .window_size = 4});
      std::int64_t num_known = 0;
      for (bool is_asked = false; !is_asked;) {
        const Step step = scheduler.schedule();
        ASSERT_EQ(step.size(), 1U);
        EXPECT_LE(step[0].num_rows(), 10);
        EXPECT_GE(step[0].num_known_rows, 1) << prompt_length << " tokens";
        num_known += step[0].num_known_rows;
        is_asked = step[0].has_window;
        EXPECT_EQ(is_asked, num_known == static_cast<std::int64_t>(prompt_length));
        step[0].sequence->cached(step[0].num_known_rows);
        scheduler.complete(step);
        if (HasFailure()) return;
      }
      scheduler.abort_all(FinishReason::kCancelled, "");
    }
  }
  EXPECT_EQ(blocks_.num_free_blocks(), blocks_.num_blocks());
}

}  // namespace
}  // namespace wedlm
