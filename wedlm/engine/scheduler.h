// Who takes part in the next forward, and with how many rows. It admits, preempts and reserves pages; it sees no
// tensor.
//
// Rows: what was served longest ago comes first, so that nobody starves; of equals, decode steps come before prompt
// chunks, which take the rows that are left. A decode step runs whole or not at all; a prompt may be cut anywhere.
// Pages: a sequence that lacks one takes it from the lowest-ranked running sequence below it (lower priority, then
// later arrival), which loses its pages but no token and waits again. The highest-ranked one therefore always gets on.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "wedlm/engine/block_manager.h"
#include "wedlm/engine/row_costs.h"
#include "wedlm/engine/row_trials.h"
#include "wedlm/engine/sequence.h"

namespace wedlm {

/// A sequence's part of a step: `num_known_rows` pending tokens, then its window's rows.
struct ScheduledSequence {
  Sequence* sequence = nullptr;
  std::int64_t num_known_rows = 0;
  bool has_window = false;  // false: a prompt chunk after which more is pending, or for which no room was left
  WindowRows window;        // empty without a window

  std::int64_t num_stored_rows() const { return num_known_rows + window.num_drafts; }
  std::int64_t num_rows() const { return num_known_rows + static_cast<std::int64_t>(window.rows.size()); }
};

using Step = std::vector<ScheduledSequence>;

struct SchedulerLimits {
  std::int64_t max_num_seqs = 0;
  std::int64_t max_num_batched_tokens = 0;
};

class Scheduler {
 public:
  /// `row_costs` is the first guess.
  Scheduler(const SchedulerLimits& limits, BlockManager& blocks, RowCosts row_costs)
      : limits_(limits), blocks_(blocks), row_costs_(std::move(row_costs)) {}

  void add(std::unique_ptr<Sequence> sequence);

  /// The next step; empty when there is nothing to do. Pages for every row that will be stored are reserved. Sequences
  /// whose client cancelled are retired first.
  Step schedule();

  /// The forward of the step that was scheduled last took so long: what rows cost is learned from it, before anything
  /// of it is told to the sequences. A step with a prompt says nothing about windows.
  void took(const Step& step, double seconds);

  /// The step's K/V is stored: publishes full pages, and retires the sequences that have finished.
  void complete(const Step& step);

  /// The sequences that were retired since the last call, their pages given back; what is left to do is to close()
  /// them.
  std::vector<std::unique_ptr<Sequence>> take_retired() { return std::exchange(retired_, {}); }

  /// Ends every sequence for this reason.
  void abort_all(FinishReason reason, const std::string& error);

  bool is_idle() const { return waiting_.empty() && running_.empty(); }
  std::int64_t num_waiting() const { return static_cast<std::int64_t>(waiting_.size()); }
  std::int64_t num_running() const { return static_cast<std::int64_t>(running_.size()); }
  std::int64_t num_preemptions() const { return num_preemptions_; }
  std::int64_t num_finished() const { return num_finished_; }
  std::int64_t num_prefix_queries() const { return num_prefix_queries_; }
  std::int64_t num_prefix_hits() const { return num_prefix_hits_; }

 private:
  /// Negative priority, then arrival: smaller is served first.
  using Rank = std::pair<int, std::uint64_t>;
  static Rank rank_of(const Sequence& sequence) { return {-sequence.priority(), sequence.arrival()}; }

  /// Gives the rows of the step that is about to be made to the windows where they pay most.
  void share_rows();
  /// The newcomer's first window has the rows that would pay if it were decoding beside the others already. What they
  /// cost beside its prompt says nothing: that has to be computed in any case.
  void choose_first_rows(Sequence& newcomer);
  void schedule_running(Step& step);
  void schedule_waiting(Step& step);
  bool admit_first_waiting();
  /// A running sequence is at work on whole pages that the newcomer shares: once they are there, it need not compute
  /// them again. So the answers to one prompt share it also when they are asked for together.
  bool is_being_computed(const Sequence& newcomer) const;
  /// Adds the sequence's rows to the step if rows and pages allow.
  void try_schedule(Sequence& sequence, Step& step);
  bool reserve_pages(Sequence& sequence, std::int64_t num_tokens, Step& step);
  Sequence* find_victim(const Sequence& sequence) const;
  void preempt(Sequence& victim, Step& step);
  std::unique_ptr<Sequence> take_running(const Sequence& sequence);
  void retire(std::unique_ptr<Sequence> sequence);
  void retire_finished();

  SchedulerLimits limits_;
  BlockManager& blocks_;
  RowCosts row_costs_;
  RowTrials row_trials_;
  std::map<Rank, std::unique_ptr<Sequence>> waiting_;
  std::vector<std::unique_ptr<Sequence>> running_;
  std::vector<std::unique_ptr<Sequence>> retired_;
  std::int64_t step_number_ = 0;
  std::int64_t rows_left_ = 0;  // of the step that is being made
  std::int64_t num_preemptions_ = 0;
  std::int64_t num_finished_ = 0;
  std::int64_t num_prefix_queries_ = 0;
  std::int64_t num_prefix_hits_ = 0;
};

}  // namespace wedlm
