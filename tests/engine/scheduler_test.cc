// Steps without a model: what is scheduled is looked at, and what a forward would have answered is made up.
#include "wedlm/engine/scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "wedlm/base/error.h"
#include "wedlm/engine/response_stream.h"

namespace wedlm {
namespace {

using testing::ElementsAre;

constexpr DecodeMode kPlain = DecodeMode::kAutoregressive;

/// No window here follows from costs.
const RowCosts no_costs({{.rows = 1, .seconds = 1}});

class SchedulerTest : public testing::Test {
 protected:
  std::shared_ptr<ResponseStream> add(Scheduler& scheduler, std::size_t prompt_length, const SamplingParams& params,
                                      int priority = 0) {
    Request request{.prompt = std::vector<TokenId>(prompt_length, 7), .params = params, .priority = priority};
    auto sequence = std::make_unique<Sequence>(std::move(request), num_added_++, limits_, statistics_);
    auto stream = std::make_shared<ResponseStream>(sequence->channel());
    streams_.push_back(stream);  // one that is dropped cancels
    scheduler.add(std::move(sequence));
    return stream;
  }

  void close_retired(Scheduler& scheduler) {
    for (const auto& sequence : scheduler.take_retired()) {
      finished_.push_back(sequence->arrival());
      sequence->close(Clock::now());
    }
  }

  /// A step whose every window commits one token; the arrivals of those that were served, in order.
  std::vector<std::uint64_t> run_step(Scheduler& scheduler) {
    const Step step = scheduler.schedule();
    std::vector<std::uint64_t> served;
    for (const ScheduledSequence& scheduled : step) {
      served.push_back(scheduled.sequence->arrival());
      scheduled.sequence->cached(scheduled.num_known_rows);
      if (!scheduled.has_window) continue;
      const auto num_asked = std::ranges::count_if(scheduled.window.rows, &WindowRow::wants_prediction) +
                             (scheduled.window.predict_after_known ? 1 : 0);
      // All positions are equally uncertain, so that the first one is filled.
      const std::vector<Prediction> predictions(static_cast<std::size_t>(num_asked), {.sampled = 5, .entropy = 1});
      scheduled.sequence->decoded(std::ssize(scheduled.window.rows), predictions, Clock::now());
    }
    scheduler.complete(step);
    close_retired(scheduler);
    return served;
  }

  /// Runs until all have ended; the steps it took.
  int run_all(Scheduler& scheduler) {
    int num_steps = 0;
    for (; !scheduler.is_idle() && num_steps < 10'000; ++num_steps) run_step(scheduler);
    EXPECT_TRUE(scheduler.is_idle()) << "somebody never gets on";
    return num_steps;
  }

  bool has_finished(std::uint64_t arrival) const { return std::ranges::find(finished_, arrival) != finished_.end(); }

  SequenceLimits limits_{.max_model_len = 100};
  DraftStatistics statistics_;
  BlockManager blocks_{40, 4, false};
  std::uint64_t num_added_ = 0;
  std::vector<std::uint64_t> finished_;  // arrivals, in the order in which they ended
  std::vector<std::shared_ptr<ResponseStream>> streams_;
};

TEST_F(SchedulerTest, WhatSomebodyComputesIsWaitedForAndShared) {
  BlockManager shared(40, 4, true);
  Scheduler scheduler({.max_num_seqs = 8, .max_num_batched_tokens = 8}, shared, no_costs);
  const SamplingParams params{.mode = kPlain, .max_tokens = 3};
  for (int i = 0; i < 3; ++i) add(scheduler, 18, params);
  // Eight rows a step: two steps and a part of the third for the prompt, and only then the others, with what is left.
  EXPECT_THAT(run_step(scheduler), ElementsAre(0));
  EXPECT_THAT(run_step(scheduler), ElementsAre(0));
  EXPECT_EQ(scheduler.num_waiting(), 2);
  EXPECT_THAT(run_step(scheduler), ElementsAre(0, 1, 2));
  run_all(scheduler);
  EXPECT_EQ(scheduler.num_prefix_hits(), 2 * 16);
  EXPECT_EQ(shared.num_free_blocks(), 40);
}

TEST_F(SchedulerTest, NobodyWaitsForWhatWillNotBeShared) {
  BlockManager apart(40, 4, false);
  Scheduler scheduler({.max_num_seqs = 8, .max_num_batched_tokens = 100}, apart, no_costs);
  for (int i = 0; i < 3; ++i) add(scheduler, 18, {.mode = kPlain, .max_tokens = 3});
  EXPECT_THAT(run_step(scheduler), ElementsAre(0, 1, 2));
  BlockManager shared(40, 4, true);
  Scheduler other({.max_num_seqs = 8, .max_num_batched_tokens = 100}, shared, no_costs);
  for (int i = 0; i < 3; ++i) add(other, 4, {.mode = kPlain, .max_tokens = 3});
  EXPECT_THAT(run_step(other), ElementsAre(3, 4, 5)) << "the last token's row is computed in any case: no whole page";
}

TEST_F(SchedulerTest, WhoWaitsForAnotherGoesOnWhenThatIsCancelled) {
  BlockManager shared(40, 4, true);
  Scheduler scheduler({.max_num_seqs = 8, .max_num_batched_tokens = 8}, shared, no_costs);
  const auto first = add(scheduler, 30, {.mode = kPlain, .max_tokens = 3});
  add(scheduler, 30, {.mode = kPlain, .max_tokens = 3});
  EXPECT_THAT(run_step(scheduler), ElementsAre(0));
  first->cancel();
  EXPECT_THAT(run_step(scheduler), ElementsAre(1));
  run_all(scheduler);
}

TEST_F(SchedulerTest, OnlyTheWindowOfAGatedRequestWithASeedKnowsNoCosts) {
  const auto num_rows = [&](const SamplingParams& params, double seconds_per_row) {
    Scheduler scheduler({.max_num_seqs = 8, .max_num_batched_tokens = 200}, blocks_,
                        RowCosts({{.rows = 1, .seconds = 1}, {.rows = 2, .seconds = 1 + seconds_per_row}}));
    add(scheduler, 5, {.mode = DecodeMode::kExact});
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
      Scheduler scheduler({.max_num_seqs = 8, .max_num_batched_tokens = 10}, blocks_, no_costs);
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

TEST_F(SchedulerTest, OfThoseThatWaitTheHighestPriorityIsServedAndThenTheFirst) {
  Scheduler scheduler({.max_num_seqs = 1, .max_num_batched_tokens = 64}, blocks_, no_costs);
  const SamplingParams params{.mode = kPlain, .max_tokens = 3};
  for (const int priority : {0, -1, 2, 1, 2, 0}) add(scheduler, 5, params, priority);
  EXPECT_THAT(run_step(scheduler), ElementsAre(2));
  add(scheduler, 5, params, 3);  // it goes before those that wait, and does not interrupt the one that runs
  EXPECT_THAT(run_step(scheduler), ElementsAre(2));
  run_all(scheduler);
  EXPECT_THAT(finished_, ElementsAre(2, 6, 4, 3, 0, 5, 1));
}

TEST_F(SchedulerTest, PagesAreTakenFromTheLowestPriorityAndOfEqualsFromTheLast) {
  BlockManager blocks(9, 4, false);
  Scheduler scheduler({.max_num_seqs = 8, .max_num_batched_tokens = 64}, blocks, no_costs);
  const SamplingParams params{.mode = kPlain, .max_tokens = 12};
  std::vector<std::shared_ptr<ResponseStream>> streams;
  // Each begins with a page and ends with four: with three each one of them is out, with four another.
  for (const int priority : {1, 0, 2, 0}) streams.push_back(add(scheduler, 4, params, priority));
  std::vector<std::uint64_t> out;  // in the order in which they went
  while (finished_.empty()) {
    const std::vector<std::uint64_t> served = run_step(scheduler);
    for (std::uint64_t arrival = 0; arrival < 4; ++arrival) {
      const auto is_in = [&](const auto& all) { return std::ranges::find(all, arrival) != all.end(); };
      if (!is_in(served) && !is_in(out)) out.push_back(arrival);
    }
  }
  EXPECT_THAT(out, ElementsAre(3, 1));
  run_all(scheduler);
  EXPECT_EQ(streams[2]->wait().stats.preemptions, 0);
  EXPECT_EQ(streams[0]->wait().stats.preemptions, 0);
  EXPECT_GE(streams[1]->wait().stats.preemptions, 1);
  EXPECT_GE(streams[3]->wait().stats.preemptions, 1);
  EXPECT_EQ(blocks.num_free_blocks(), 9);
}

TEST_F(SchedulerTest, TheRowsOfOneThatIsPreemptedInItsStepAreGivenToOthers) {
  BlockManager blocks(17, 4, false);
  Scheduler scheduler({.max_num_seqs = 2, .max_num_batched_tokens = 6}, blocks, no_costs);
  add(scheduler, 3, {.mode = kPlain, .max_tokens = 50});
  EXPECT_THAT(run_step(scheduler), ElementsAre(0));
  add(scheduler, 60, {.mode = kPlain, .max_tokens = 5}, 2);
  add(scheduler, 2, {.mode = kPlain, .max_tokens = 5}, 1);
  // The prompt takes five rows a step. In the eleventh its 14 pages and the 4 of the first, which is in the step
  // already, are too many.
  for (int step = 1; step <= 10; ++step) EXPECT_THAT(run_step(scheduler), ElementsAre(0, 1));
  EXPECT_THAT(run_step(scheduler), ElementsAre(1, 2)) << "the last comes with the one row that the first gave back";
  EXPECT_EQ(scheduler.num_preemptions(), 1);
  run_all(scheduler);
}

TEST_F(SchedulerTest, NobodyTakesPagesFromAHigherPriority) {
  BlockManager blocks(5, 4, false);
  Scheduler scheduler({.max_num_seqs = 8, .max_num_batched_tokens = 64}, blocks, no_costs);
  const SamplingParams params{.mode = kPlain, .max_tokens = 12};
  const auto low = add(scheduler, 4, params, 0), high = add(scheduler, 4, params, 1);
  run_all(scheduler);
  EXPECT_THAT(finished_, ElementsAre(1, 0));
  EXPECT_EQ(high->wait().stats.preemptions, 0);
  EXPECT_GE(low->wait().stats.preemptions, 1) << "the pages were meant to be too few for both";
}

TEST_F(SchedulerTest, ALargeRequestIsNotOvertakenForEver) {
  Scheduler scheduler({.max_num_seqs = 64, .max_num_batched_tokens = 64}, blocks_, no_costs);
  // Small ones of different lengths come with every step and keep most of the pages in use, never ending together.
  const auto run_busy_step = [&] {
    for (int i = 0; i < 3; ++i) {
      add(scheduler, 4, {.mode = kPlain, .max_tokens = 4 + static_cast<std::int32_t>(num_added_ * 7 % 9)});
    }
    run_step(scheduler);
  };
  for (int step = 0; step < 20; ++step) run_busy_step();
  const std::int64_t num_before = scheduler.num_waiting();
  EXPECT_GT(num_before, 0);
  const std::uint64_t large = num_added_;
  add(scheduler, 92, {.mode = kPlain, .max_tokens = 4});
  int num_steps = 0;
  for (; !has_finished(large) && num_steps < 1000; ++num_steps) run_busy_step();
  // More than one of those before it ends with each step; then it waits for twelve steps at most, and runs for five.
  EXPECT_LT(num_steps, num_before + 12 + 5);
}

TEST_F(SchedulerTest, WhereRowsAreFewAllWindowsTakeTurns) {
  Scheduler scheduler({.max_num_seqs = 8, .max_num_batched_tokens = 10}, blocks_, no_costs);
  // A step has room for one of these windows.
  for (int i = 0; i < 4; ++i) add(scheduler, 2, {.max_tokens = 20, .window_size = 6}, i % 2);
  std::vector<int> num_served(4);
  for (int step = 0; step < 40; ++step) {
    for (const std::uint64_t arrival : run_step(scheduler)) ++num_served[arrival];
  }
  for (const int count : num_served) EXPECT_GE(count, 9);
}

TEST_F(SchedulerTest, AStepMayBeFullToTheLastRow) {
  for (const std::int64_t max_rows : {1, 7}) {
    Scheduler scheduler({.max_num_seqs = 8, .max_num_batched_tokens = max_rows}, blocks_, no_costs);
    const SamplingParams plain{.mode = kPlain, .max_tokens = 6}, window{.max_tokens = 6, .window_size = 6};
    for (int i = 0; i < 3; ++i) add(scheduler, max_rows == 7 ? 1 : 5, max_rows == 7 ? window : plain);
    EXPECT_LT(run_all(scheduler), 40);
  }
}

TEST_F(SchedulerTest, ANewcomerLeavesAPageForEachThatRuns) {
  BlockManager blocks(12, 4, false);
  Scheduler scheduler({.max_num_seqs = 8, .max_num_batched_tokens = 64}, blocks, no_costs);
  const SamplingParams params{.mode = kPlain, .max_tokens = 16};
  add(scheduler, 3, params);
  add(scheduler, 3, params);
  EXPECT_THAT(run_step(scheduler), ElementsAre(0, 1));
  // Nine pages: of twelve two are in use, and two will be wanted.
  add(scheduler, 34, {.mode = kPlain, .max_tokens = 8});
  EXPECT_THAT(run_step(scheduler), ElementsAre(0, 1));
  run_all(scheduler);
  EXPECT_EQ(scheduler.num_preemptions(), 0);
}

TEST_F(SchedulerTest, PagesThatAreSharedNeedNoRoom) {
  BlockManager blocks(12, 4, true);
  Scheduler scheduler({.max_num_seqs = 8, .max_num_batched_tokens = 64}, blocks, no_costs);
  const SamplingParams params{.mode = kPlain, .max_tokens = 3};
  add(scheduler, 33, params);  // nine pages, of which the next one finds eight in use
  EXPECT_THAT(run_step(scheduler), ElementsAre(0));
  add(scheduler, 33, params);
  EXPECT_THAT(run_step(scheduler), ElementsAre(0, 1));
  EXPECT_EQ(scheduler.num_prefix_hits(), 32);
  run_all(scheduler);
  EXPECT_EQ(blocks.num_free_blocks(), 12);
  add(scheduler, 32, params);  // all of it is known, but the row that is asked for the next token has to be computed
  const Step step = scheduler.schedule();
  ASSERT_EQ(step.size(), 1U);
  EXPECT_EQ(step[0].num_known_rows, 4);
  EXPECT_TRUE(step[0].has_window);
  scheduler.abort_all(FinishReason::kCancelled, "");
}

/// Up to sixteen rows cost the same, and more than that is out of the question.
RowCosts sixteen_rows() {
  return RowCosts({{.rows = 1, .seconds = 1}, {.rows = 16, .seconds = 1}, {.rows = 17, .seconds = 1000}});
}

std::size_t window_rows_of_last(const Step& step) {
  return step.back().window.rows.size();
}

TEST_F(SchedulerTest, WindowsGetTheRowsThatOthersLeave) {
  Scheduler scheduler({.max_num_seqs = 8, .max_num_batched_tokens = 64}, blocks_, sixteen_rows());
  const SamplingParams exact{.mode = DecodeMode::kExact, .max_tokens = 50, .prompt_lookup = false};
  add(scheduler, 1, exact);
  Step step = scheduler.schedule();
  EXPECT_EQ(window_rows_of_last(step), 15U) << "a newcomer alone has all but its own row";
  scheduler.complete(step);
  scheduler.abort_all(FinishReason::kCancelled, "");

  add(scheduler, 1, {.mode = kPlain, .max_tokens = 50});
  add(scheduler, 1, {.max_tokens = 50, .window_size = 6});
  add(scheduler, 1, exact);
  step = scheduler.schedule();
  EXPECT_EQ(window_rows_of_last(step), 13U) << "as if all three were decoding, without windows";
  scheduler.complete(step);
  // Now a row of each, and six of the window: seven are left.
  EXPECT_EQ(window_rows_of_last(scheduler.schedule()), 7U);
  scheduler.abort_all(FinishReason::kCancelled, "");
}

TEST_F(SchedulerTest, RowsThatCostAsMuchAsTheyBringAreNotTaken) {
  // Each row costs what a token costs: a guess, which is worth less, would make the step slower.
  Scheduler scheduler({.max_num_seqs = 8, .max_num_batched_tokens = 64}, blocks_,
                      RowCosts({{.rows = 1, .seconds = 1}, {.rows = 64, .seconds = 64}}));
  add(scheduler, 1, {.mode = DecodeMode::kExact, .max_tokens = 50, .prompt_lookup = false});
  scheduler.complete(scheduler.schedule());
  EXPECT_EQ(window_rows_of_last(scheduler.schedule()), 0U);
  scheduler.abort_all(FinishReason::kCancelled, "");
}

TEST_F(SchedulerTest, OfEqualsADecodeStepComesBeforeAPrompt) {
  Scheduler scheduler({.max_num_seqs = 8, .max_num_batched_tokens = 8}, blocks_, no_costs);
  add(scheduler, 4, {.mode = kPlain, .max_tokens = 20});
  EXPECT_THAT(run_step(scheduler), ElementsAre(0));
  add(scheduler, 60, {.mode = kPlain, .max_tokens = 20}, 1);
  EXPECT_THAT(run_step(scheduler), ElementsAre(0, 1));
  EXPECT_THAT(run_step(scheduler), ElementsAre(0, 1)) << "the prompt, of higher priority, would have taken every row";
}

TEST_F(SchedulerTest, ALongPromptDoesNotStopTheOthersAndIsNotStarved) {
  limits_.max_model_len = 1000;
  BlockManager blocks(800, 4, false);
  Scheduler scheduler({.max_num_seqs = 64, .max_num_batched_tokens = 48}, blocks, no_costs);
  for (int i = 0; i < 12; ++i) add(scheduler, 2, {.max_tokens = 200, .window_size = 8});
  const std::uint64_t long_one = num_added_;
  add(scheduler, 400, {.max_tokens = 5, .window_size = 8});
  std::vector<int> last_served(num_added_, 0);
  int step = 1;
  for (; finished_.empty() && step < 1000; ++step) {
    for (const std::uint64_t arrival : run_step(scheduler)) last_served[arrival] = step;
    // Five windows of nine rows fit a step: twelve take their turns within three, and the prompt has what is left.
    for (const int served : last_served) ASSERT_LE(step - served, 4);
  }
  EXPECT_THAT(finished_, ElementsAre(long_one)) << "it waited until the others had gone";
  EXPECT_GE(step, 400 / 48 + 5);
}

TEST_F(SchedulerTest, WhoeverCancelsLeavesWithTheNextStepAndGivesEveryPageBack) {
  Scheduler scheduler({.max_num_seqs = 2, .max_num_batched_tokens = 64}, blocks_, no_costs);
  const SamplingParams params{.mode = kPlain, .max_tokens = 20};
  std::vector<std::shared_ptr<ResponseStream>> streams;
  for (int i = 0; i < 4; ++i) streams.push_back(add(scheduler, 5, params));
  for (int step = 0; step < 3; ++step) EXPECT_THAT(run_step(scheduler), ElementsAre(0, 1));
  streams[0]->cancel();  // it runs
  streams[2]->cancel();  // it waits
  EXPECT_THAT(run_step(scheduler), ElementsAre(1, 3));
  EXPECT_EQ(streams[0]->wait().finish_reason, FinishReason::kCancelled);
  EXPECT_EQ(streams[0]->wait().token_ids, std::vector<TokenId>(3, 5)) << "what was committed stays";
  EXPECT_EQ(streams[2]->wait().finish_reason, FinishReason::kCancelled);
  EXPECT_THAT(streams[2]->wait().token_ids, testing::IsEmpty());
  streams[1]->cancel();
  streams[3]->cancel();
  EXPECT_THAT(run_step(scheduler), testing::IsEmpty());
  EXPECT_TRUE(scheduler.is_idle());
  EXPECT_EQ(blocks_.num_free_blocks(), blocks_.num_blocks());
  EXPECT_EQ(scheduler.num_finished(), 4);
}

}  // namespace
}  // namespace wedlm
