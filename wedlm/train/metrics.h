// What a run measures: OUTPUT/metrics.jsonl, an object of numbers with its step a line, an event file for TensorBoard,
// and the same numbers in memory, for the curves and for whoever asks what was measured already.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wedlm/base/json.h"
#include "wedlm/train/event_file.h"

namespace wedlm::train {

class Metrics {
 public:
  struct Point {
    std::int64_t step = 0;
    double value = 0;
  };
  using Series = std::vector<Point>;  // by rising step

  /// Of a run that goes on after this step: later lines, which a killed run wrote and this one takes again, are dropped
  /// from the file. With nullopt all are. Throws ResourceError.
  Metrics(const std::filesystem::path& folder, std::optional<std::int64_t> step);

  /// `line` is an object of "step", an integer, and numbers. Throws ResourceError.
  void append(const Json& line);

  /// Empty where nothing of that name was measured.
  const Series& of(std::string_view name) const;
  /// Whether that was measured at the step or after it.
  bool has(std::string_view name, std::int64_t step) const;

 private:
  void keep(const Json& line);
  void log(const Json& line);

  std::filesystem::path folder_;
  std::filesystem::path path_;
  std::map<std::string, Series, std::less<>> series_;
  std::int64_t first_step_;          // that this process measures
  std::optional<EventFile> events_;  // once it has
};

}  // namespace wedlm::train
