// Times forwards of a shape in several weight formats, all in turn and again and again, with what the machine gives at
// most measured in between, so that what else the machine does meets all of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "wedlm/base/json.h"
#include "wedlm/base/watcher.h"
#include "wedlm/eval/forward_figures.h"

namespace wedlm {

struct ForwardPlan {
  std::string shape_name;
  ModelConfig config;
  std::vector<TimedWeights> formats;
  std::vector<ForwardShape> shapes;  // one row of every context among them: the others are compared with it
  DType kv_cache_type = DType::kBF16;
  BackendOptions backend;
  std::int32_t num_runs = 5;
};

/// The peak of multiply-adds of one kind of weights.
struct FormatPeak {
  std::string weights;     // the format's name
  std::string multiplier;  // what it is of
  double tflops = 0;       // the median
};

/// Whole runs only.
struct ForwardMeasurement {
  std::string isa;
  int num_threads = 0;
  std::int32_t num_runs = 0;  // of the format that has fewest
  double read_gb_per_s = 0;   // the median
  std::vector<FormatPeak> peaks{};
  std::vector<MeasuredForward> forwards;
};

/// Throws ResourceError where weights, pages or the memory that is read do not fit.
ForwardMeasurement measure_forwards(const ForwardPlan& plan, const Watcher& watcher);

/// The whole report, for programs and for people.
Json measurement_json(const ForwardPlan& plan, const ForwardMeasurement& measurement);
std::string measurement_text(const ForwardPlan& plan, const ForwardMeasurement& measurement);

}  // namespace wedlm
