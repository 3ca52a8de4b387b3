#include "wedlm/eval/forward_measurement.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <memory>

#include "wedlm/backend/cpu_peaks.h"
#include "wedlm/base/number_text.h"
#include "wedlm/model/kv_cache.h"

namespace wedlm {
namespace {

/// Throws Interrupted.
std::unique_ptr<ForwardTimer> make_timer(const ForwardPlan& plan, const TimedWeights& format, const Watcher& watcher) {
  const auto start = std::chrono::steady_clock::now();
  const auto progress = [&watcher, &format](std::size_t done, std::size_t total) {
    if (watcher.is_interrupted()) throw Interrupted();
    watcher.progress({.title = "Making weights as " + std::string(format.name),
                      .done = done,
                      .total = total,
                      .unit = ProgressUnit::kBytes});
  };
  auto timer = std::make_unique<ForwardTimer>(
      plan.config, ForwardTimer::Options{.types = {.weights = format, .kv_cache = plan.kv_cache_type},
                                         .backend = plan.backend,
                                         .shapes = plan.shapes,
                                         .progress = progress});
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  watcher.note("Made " + count_text(static_cast<double>(plan.config.num_parameters())) + " random weights as " +
               std::string(format.name) + " in " + fixed(seconds.count(), 1) + " s, on " +
               timer->backend().description());
  return timer;
}

class Measuring {
 public:
  Measuring(const ForwardPlan& plan, const Watcher& watcher)
      : plan_(plan), watcher_(watcher), peaks_(plan.backend.cpu) {}

  ForwardMeasurement run() {
    ForwardMeasurement measurement{
        .isa = std::string(peaks_.isa()), .num_threads = peaks_.num_threads(), .num_runs = plan_.num_runs};
    try {
      for (const TimedWeights& format : plan_.formats) measure_format(format, measurement);
    } catch (const Interrupted&) {  // what was measured before stands
    }
    measurement.read_gb_per_s = median(read_gb_per_s_);
    return measurement;
  }

 private:
  /// Throws Interrupted, with the whole runs in `measurement`.
  void measure_format(const TimedWeights& format, ForwardMeasurement& measurement) {
    const auto timer = make_timer(plan_, format, watcher_);
    std::vector<MeasuredForward> forwards;
    for (const ForwardShape& shape : plan_.shapes) {
      forwards.push_back(
          {.weights = std::string(format.name), .shape = shape, .work = timer->work(shape), .times = {}});
    }
    const WeightType type = format.formats.layers.type;
    multiply_tflops_.clear();
    const std::int32_t num_runs = measure(*timer, type, forwards);
    if (num_runs > 0) {
      const double peak = median(multiply_tflops_);
      for (MeasuredForward& forward : forwards) forward.peak_tflops = peak;
      measurement.peaks.push_back(
          {.weights = std::string(format.name), .multiplier = std::string(peaks_.multiplier(type)), .tflops = peak});
      measurement.num_runs = std::min(measurement.num_runs, num_runs);
      measurement.forwards.insert(measurement.forwards.end(), forwards.begin(), forwards.end());
    }
    if (watcher_.is_interrupted()) throw Interrupted();
  }

  /// Returns the number of whole runs.
  std::int32_t measure(ForwardTimer& timer, WeightType type, std::vector<MeasuredForward>& forwards) {
    for (const MeasuredForward& forward : forwards) {
      if (watcher_.is_interrupted()) return 0;
      timer.run(forward.shape);  // what is touched for the first time costs more
    }
    for (std::int32_t run = 0; run < plan_.num_runs; ++run) {
      std::vector<ForwardTime> times;
      double seconds = 0;
      read_gb_per_s_.push_back(peaks_.read_gb_per_s());
      multiply_tflops_.push_back(peaks_.multiply_tflops(type));
      timer.run(forwards.front().shape);  // brings back what the read has thrown out of the caches
      for (const MeasuredForward& forward : forwards) {
        times.push_back(timer.run(forward.shape));
        seconds += times.back().seconds;
        if (watcher_.is_interrupted()) return run;
      }
      read_gb_per_s_.push_back(peaks_.read_gb_per_s());
      for (std::size_t i = 0; i < forwards.size(); ++i) forwards[i].times.push_back(times[i]);
      watcher_.note("Run " + std::to_string(run + 1) + " of " + std::to_string(plan_.num_runs) + ": " +
                    std::to_string(forwards.size()) + " forwards in " + fixed(seconds, 1) + " s");
    }
    return plan_.num_runs;
  }

  const ForwardPlan& plan_;
  const Watcher& watcher_;
  CpuPeaks peaks_;
  std::vector<double> read_gb_per_s_;
  std::vector<double> multiply_tflops_;  // of the format that is measured
};

/// Of the last level, as Linux says ("32768K"); 0 where it does not.
double cache_bytes() {
  double kilobytes = 0;
  char unit = 0;
  std::ifstream file("/sys/devices/system/cpu/cpu0/cache/index3/size");
  return file >> kilobytes >> unit && unit == 'K' ? kilobytes * 1024 : 0;
}

/// What a cache holds is not read from memory, and then the limit is none.
std::string cache_note(const std::vector<ForwardFigures>& figures) {
  const double cache = cache_bytes();
  if (std::ranges::none_of(figures, [cache](const ForwardFigures& one) { return one.bytes < cache; })) return "";
  return "What is read may fit the processor's cache of " + size_text(cache) +
         ": it need not come from memory, and the limit is none.\n";
}

/// ", bf16 computed at 0.105 TFLOP/s (FMA of float32, 256 bits wide)" of each format.
std::string peaks_text(const std::vector<FormatPeak>& peaks) {
  std::string text;
  for (const FormatPeak& peak : peaks) {
    text +=
        ",\n  " + peak.weights + " is multiplied at " + fixed(peak.tflops, 3) + " TFLOP/s (" + peak.multiplier + ")";
  }
  return text;
}

std::string counted(std::int64_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

}  // namespace

ForwardMeasurement measure_forwards(const ForwardPlan& plan, const Watcher& watcher) {
  return Measuring(plan, watcher).run();
}

Json measurement_json(const ForwardPlan& plan, const ForwardMeasurement& measurement) {
  Json::Array results;
  for (const ForwardFigures& figures : figures_of(measurement.forwards, measurement.read_gb_per_s)) {
    results.push_back(figures_json(figures));
  }
  Json::Array peaks;
  for (const FormatPeak& peak : measurement.peaks) {
    peaks.push_back(
        Json::object({{"weights", peak.weights}, {"tflops", peak.tflops}, {"multiplier", peak.multiplier}}));
  }
  return Json::object({{"shape", plan.shape_name},
                       {"parameters", plan.config.num_parameters()},
                       {"kv_cache_type", std::string(kv_cache_type_name(plan.kv_cache_type))},
                       {"isa", measurement.isa},
                       {"threads", measurement.num_threads},
                       {"runs", measurement.num_runs},
                       {"bandwidth_gb_per_s", measurement.read_gb_per_s},
                       {"peaks", peaks},
                       {"results", results}});
}

std::string measurement_text(const ForwardPlan& plan, const ForwardMeasurement& measurement) {
  const std::vector<ForwardFigures> figures = figures_of(measurement.forwards, measurement.read_gb_per_s);
  return plan.shape_name + ", " + count_text(static_cast<double>(plan.config.num_parameters())) +
         " random weights, K/V cache as " + std::string(kv_cache_type_name(plan.kv_cache_type)) + "; " +
         measurement.isa + ", " + counted(measurement.num_threads, "thread") + "; medians of " +
         counted(measurement.num_runs, "run") + "\nAt most, measured in between: memory is read at " +
         fixed(measurement.read_gb_per_s, 1) + " GB/s" + peaks_text(measurement.peaks) + ".\n" + cache_note(figures) +
         "\n" + figures_table(figures);
}

}  // namespace wedlm
