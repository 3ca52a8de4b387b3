// What an engine has done since it started, and how it stands: for whoever watches it. Rows, forwards and tokens are
// counted step by step; drafts when the request that had them ends.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "wedlm/decode/draft_statistics.h"
#include "wedlm/engine/request.h"

namespace wedlm {

struct ScheduledSequence;

/// How often a count lay in which range, and the sum of all counts.
class CountHistogram {
 public:
  /// Ascending, and somewhere else: each is the largest count of its range. One more range is above the last.
  explicit CountHistogram(std::span<const std::int64_t> upper_ends)
      : upper_ends_(upper_ends), frequencies_(upper_ends.size() + 1) {}

  void add(std::int64_t count);

  std::span<const std::int64_t> upper_ends() const { return upper_ends_; }
  std::span<const std::int64_t> frequencies() const { return frequencies_; }
  std::int64_t sum() const { return sum_; }

 private:
  std::span<const std::int64_t> upper_ends_;
  std::vector<std::int64_t> frequencies_;
  std::int64_t sum_ = 0;
};

/// What one step has done, all of its sequences together.
struct StepFigures {
  std::int64_t rows = 0;
  std::int64_t prompt_rows = 0;           // of these, of prompt tokens that choose none
  std::int64_t prompt_tokens = 0;         // of the prompts that it brought to their end, found ones too
  std::int64_t window_rows = 0;           // behind the known tokens
  std::int64_t filled_rows = 0;           // of these, of guesses; the others are masks
  std::vector<std::int64_t> generated{};  // tokens of each sequence that decoded

  /// Its figures before and after.
  void add(const ScheduledSequence& scheduled, const RequestStats& before, const RequestStats& after);
};

struct EngineStats {
  static constexpr std::array<std::int64_t, 13> kRowEnds = {1,   8,    16,   32,   64,   128,  256,
                                                            512, 1024, 2048, 4096, 8192, 16384};
  static constexpr std::array<std::int64_t, 15> kTokenEnds = {0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 24, 32, 64};

  // Totals:
  std::int64_t steps = 0;
  std::int64_t rows = 0;
  std::int64_t prompt_tokens = 0;  // of prompts that were computed or found, when they began to decode
  std::int64_t generated_tokens = 0;
  std::int64_t decode_forwards = 0;  // each sequence that decoded in a step counts
  std::int64_t window_rows = 0;
  std::int64_t filled_rows = 0;
  CountHistogram rows_of_step{kRowEnds};
  CountHistogram tokens_of_step{kRowEnds};       // prompt rows and generated tokens
  CountHistogram tokens_of_forward{kTokenEnds};  // that one sequence got from a forward in which it decoded
  DraftCounts drafts{};                          // of the requests that have ended
  std::int64_t finished_requests = 0;
  std::int64_t preemptions = 0;
  std::int64_t prefix_cache_queries = 0;  // prompt tokens that were looked up
  std::int64_t prefix_cache_hits = 0;     // of these, found

  // As it stands:
  std::int64_t num_waiting = 0;  // submitted and not begun, or preempted
  std::int64_t num_running = 0;
  std::int64_t num_blocks = 0;
  std::int64_t num_free_blocks = 0;  // evictable ones included

  void add(const StepFigures& step);
};

}  // namespace wedlm
