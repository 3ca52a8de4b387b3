#include "wedlm/engine/scheduler.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

#include "wedlm/base/error.h"

namespace wedlm {
namespace {

/// Leading tokens whose pages may be another's. A mode that asks the last known token for its successor must compute
/// that token's row even if it is cached.
std::int64_t num_findable(const Sequence& sequence) {
  return sequence.num_tokens() - (sequence.predicts_after_known() ? 1 : 0);
}

}  // namespace

void Scheduler::add(std::unique_ptr<Sequence> sequence) {
  const Rank rank = rank_of(*sequence);
  waiting_.emplace(rank, std::move(sequence));
}

Step Scheduler::schedule() {
  Step step;
  retire_finished();
  rows_left_ = limits_.max_num_batched_tokens;
  ++step_number_;
  share_rows();
  schedule_running(step);
  schedule_waiting(step);
  const Clock::time_point now = Clock::now();
  for (const ScheduledSequence& scheduled : step) {
    scheduled.sequence->set_last_step(step_number_);
    scheduled.sequence->started(now);
  }
  return step;
}

void Scheduler::took(const Step& step, double seconds) {
  std::int64_t num_rows = 0;
  for (const ScheduledSequence& scheduled : step) {
    if (!scheduled.has_window || !scheduled.sequence->is_decoding()) return;
    num_rows += scheduled.num_rows();
  }
  row_trials_.observe(row_costs_.observe(num_rows, seconds));
}

void Scheduler::share_rows() {
  std::vector<Sequence*> sharing;
  StepBase base{.max_rows = limits_.max_num_batched_tokens};
  for (const auto& sequence : running_) {
    // A prompt takes the rows that are left; what its window will bring is seen when it is there.
    if (!sequence->is_decoding()) continue;
    ++base.num_tokens;
    base.num_rows += sequence->num_pending();
    if (shares_rows(sequence->params())) {
      sharing.push_back(sequence.get());
    } else {
      base.num_rows += std::ssize(sequence->window_rows().rows);
    }
  }
  if (sharing.empty()) return;
  std::vector<std::span<const float>> values;
  values.reserve(sharing.size());
  for (Sequence* sequence : sharing) values.push_back(sequence->row_values());
  std::vector<int> chosen = choose_rows(row_costs_, base, values);
  const std::int64_t best = std::accumulate(chosen.begin(), chosen.end(), base.num_rows);
  const std::int64_t num_rows = row_trials_.next(best, base.num_rows);
  if (num_rows != best) chosen = choose_best_rows(num_rows - base.num_rows, base, values);
  for (std::size_t i = 0; i < sharing.size(); ++i) sharing[i]->set_max_window_rows(chosen[i]);
}

void Scheduler::choose_first_rows(Sequence& newcomer) {
  if (!shares_rows(newcomer.params())) return;
  const StepBase base{
      .num_rows = num_running() + 1, .num_tokens = num_running() + 1, .max_rows = limits_.max_num_batched_tokens};
  const std::span<const float> values = newcomer.row_values();
  newcomer.set_max_window_rows(choose_rows(row_costs_, base, {&values, 1})[0]);
}

void Scheduler::schedule_running(Step& step) {
  std::vector<Sequence*> order;
  for (const auto& sequence : running_) order.push_back(sequence.get());
  std::ranges::sort(order, {}, [](const Sequence* sequence) {
    return std::tuple(sequence->last_step(), !sequence->is_decoding(), rank_of(*sequence));
  });
  for (Sequence* sequence : order) {
    // One that was preempted while an earlier one took its pages is waiting now.
    const bool still_runs = std::ranges::any_of(running_, [&](const auto& it) { return it.get() == sequence; });
    if (still_runs) try_schedule(*sequence, step);
  }
}

void Scheduler::schedule_waiting(Step& step) {
  while (rows_left_ > 0 && admit_first_waiting()) try_schedule(*running_.back(), step);
}

bool Scheduler::admit_first_waiting() {
  if (waiting_.empty() || num_running() >= limits_.max_num_seqs) return false;
  Sequence& sequence = *waiting_.begin()->second;
  if (is_being_computed(sequence)) return false;
  const std::int64_t findable = num_findable(sequence);
  const std::int64_t needed =
      blocks_.blocks_for(sequence.num_tokens()) - blocks_.count_shared_blocks(sequence.tokens(), findable);
  // A page for each running sequence is left, or the newcomer would soon be preempted. Those after it do not overtake:
  // a large request would wait for ever.
  if (needed + num_running() > blocks_.num_free_blocks()) return false;
  const std::int64_t num_cached = blocks_.match_prefix(sequence.tokens(), findable, sequence.block_table());
  num_prefix_queries_ += sequence.num_tokens();
  num_prefix_hits_ += num_cached;
  sequence.admitted(num_cached);
  choose_first_rows(sequence);
  running_.push_back(std::move(waiting_.begin()->second));
  waiting_.erase(waiting_.begin());
  return true;
}

bool Scheduler::is_being_computed(const Sequence& newcomer) const {
  if (!blocks_.has_prefix_cache()) return false;
  const std::span<const TokenId> tokens = newcomer.tokens().first(static_cast<std::size_t>(num_findable(newcomer)));
  return std::ranges::any_of(running_, [&](const std::unique_ptr<Sequence>& other) {
    const std::int64_t num_common = std::ranges::mismatch(tokens, other->tokens()).in1 - tokens.begin();
    return num_common / blocks_.block_size() * blocks_.block_size() > other->num_cached();
  });
}

void Scheduler::try_schedule(Sequence& sequence, Step& step) {
  ScheduledSequence scheduled{.sequence = &sequence, .window = sequence.window_rows()};
  const auto window_rows = static_cast<std::int64_t>(scheduled.window.rows.size());
  const std::int64_t pending = sequence.num_pending();
  if (sequence.is_decoding() && pending + window_rows > rows_left_) return;
  scheduled.num_known_rows = std::min(pending, rows_left_);
  scheduled.has_window = pending + window_rows <= rows_left_;
  if (!scheduled.has_window) {
    scheduled.window = {};
    // The last known token's row is computed in the step that asks it for its successor.
    if (sequence.predicts_after_known()) scheduled.num_known_rows = std::min(scheduled.num_known_rows, pending - 1);
  }
  if (scheduled.num_rows() == 0) return;
  if (!reserve_pages(sequence, sequence.num_cached() + scheduled.num_stored_rows(), step)) return;
  rows_left_ -= scheduled.num_rows();
  step.push_back(std::move(scheduled));
}

bool Scheduler::reserve_pages(Sequence& sequence, std::int64_t num_tokens, Step& step) {
  while (!blocks_.reserve(sequence.block_table(), num_tokens)) {
    Sequence* victim = find_victim(sequence);
    if (victim == nullptr) return false;
    preempt(*victim, step);
  }
  return true;
}

Sequence* Scheduler::find_victim(const Sequence& sequence) const {
  Sequence* victim = nullptr;
  for (const auto& other : running_) {
    if (other->block_table().blocks.empty() || rank_of(*other) <= rank_of(sequence)) continue;
    if (victim == nullptr || rank_of(*other) > rank_of(*victim)) victim = other.get();
  }
  return victim;
}

void Scheduler::preempt(Sequence& victim, Step& step) {
  const auto scheduled = std::ranges::find(step, &victim, &ScheduledSequence::sequence);
  if (scheduled != step.end()) {
    rows_left_ += scheduled->num_rows();
    step.erase(scheduled);
  }
  blocks_.release(victim.block_table());
  victim.preempted();
  ++num_preemptions_;
  add(take_running(victim));
}

void Scheduler::complete(const Step& step) {
  for (const ScheduledSequence& scheduled : step) {
    Sequence& sequence = *scheduled.sequence;
    blocks_.publish(sequence.block_table(), sequence.tokens(), sequence.num_cached());
    if (sequence.is_finished()) retire(take_running(sequence));
  }
}

std::unique_ptr<Sequence> Scheduler::take_running(const Sequence& sequence) {
  const auto found = std::ranges::find_if(running_, [&](const auto& it) { return it.get() == &sequence; });
  if (found == running_.end()) throw InternalError("Scheduler: the sequence is not running");
  std::unique_ptr<Sequence> taken = std::move(*found);
  running_.erase(found);
  return taken;
}

void Scheduler::retire(std::unique_ptr<Sequence> sequence) {
  blocks_.release(sequence->block_table());
  retired_.push_back(std::move(sequence));
  ++num_finished_;
}

void Scheduler::retire_finished() {
  const auto ended = [](Sequence& sequence) {
    if (sequence.channel()->is_cancelled()) sequence.abort(FinishReason::kCancelled);
    return sequence.is_finished();
  };
  for (auto it = waiting_.begin(); it != waiting_.end();) {
    if (ended(*it->second)) {
      retire(std::move(it->second));
      it = waiting_.erase(it);
    } else {
      ++it;
    }
  }
  for (std::size_t i = 0; i < running_.size();) {
    if (ended(*running_[i])) {
      retire(take_running(*running_[i]));
    } else {
      ++i;
    }
  }
}

void Scheduler::abort_all(FinishReason reason, const std::string& error) {
  for (const auto& [rank, sequence] : waiting_) sequence->abort(reason, error);
  for (const auto& sequence : running_) sequence->abort(reason, error);
  retire_finished();
}

}  // namespace wedlm
