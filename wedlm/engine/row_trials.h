// When a step takes another number of rows than what is known says, to see what that costs: costs that are never looked
// at again would be believed for ever. By turns twice as many rows and half as many, often while that brings something
// new and ever more seldom while it does not. No clock and no chance decides.
#pragma once

#include <cstdint>

namespace wedlm {

class RowTrials {
 public:
  /// The rows of a step for which `best` are known to be best, of which `fixed` cannot be left out: `best`, or those of
  /// a trial. Called once for each step that chooses.
  std::int64_t next(std::int64_t best, std::int64_t fixed);

  /// What the forward of the step asked for last differed from what was expected (RowCosts::observe()).
  void observe(double difference);

 private:
  std::int64_t interval_ = 4;  // steps from one trial to the next
  std::int64_t num_left_ = 4;  // until the next
  bool is_trial_ = false;      // the step asked for last
  bool is_more_ = true;        // of the next trial: more rows
  double usual_ = 0;           // differences, on the average
};

}  // namespace wedlm
