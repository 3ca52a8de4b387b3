// From measured times to figures that say how near they are to what the machine can do, as a table and as JSON.
#pragma once

#include <string>
#include <vector>

#include "wedlm/base/json.h"
#include "wedlm/eval/forward_timer.h"

namespace wedlm {

/// All times of one forward, run by run.
struct MeasuredForward {
  std::string weights;  // the format's name
  ForwardShape shape;
  ForwardWork work;
  std::vector<ForwardTime> times;
  double peak_tflops = 0;  // of multiply-adds, each two operations, of such weights
};

/// The figures of the run of median time, so that the parts add up to the whole.
struct ForwardFigures {
  std::string weights;
  ForwardShape shape;
  double ms = 0;
  double limit_ms = 0;          // what must be read, at the bandwidth of memory
  double ratio_to_one_row = 0;  // of the same weights and context
  double gb_per_s = 0;
  double bandwidth_share = 0;
  double peak_share = 0;
  double bytes = 0;
  OpSeconds by_op;  // kOther has the time between the ops too

  double ratio_to_limit() const { return ms / limit_ms; }
  /// Of the time, what no matrix product took.
  double share_not_matmul() const;
};

/// The middle one by `key`; of an even number the lower.
double median(std::vector<double> values);

/// One for each of `forwards`, where memory is read at `read_gb_per_s`. They hold one row of every format and context
/// among them.
std::vector<ForwardFigures> figures_of(const std::vector<MeasuredForward>& forwards, double read_gb_per_s);

Json figures_json(const ForwardFigures& figures);

/// Tables of figures in which rows stand below each other, one for each format and context.
std::string figures_table(const std::vector<ForwardFigures>& figures);

}  // namespace wedlm
