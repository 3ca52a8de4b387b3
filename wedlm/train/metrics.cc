#include "wedlm/train/metrics.h"

#include <fstream>

#include "wedlm/base/error.h"
#include "wedlm/base/output_file.h"
#include "wedlm/base/presence.h"
#include "wedlm/frontend/text_input.h"

namespace wedlm::train {

Metrics::Metrics(const std::filesystem::path& folder, std::optional<std::int64_t> step)
    : path_(folder / "metrics.jsonl") {
  if (!is_present(path_)) return;
  std::string kept;
  if (step) {
    for_each_line(read_input(path_.string()), [&](std::string_view text, const std::string& source) {
      try {
        const Json line = parse_json(text, source);
        if (line.at("step").as_integer() > *step) return;
        keep(line);
        kept.append(text).append("\n");
      } catch (const InvalidInput&) {  // a line that was cut when the run was killed
      }
    });
  }
  write_whole_file(path_, kept);
}

void Metrics::append(const Json& line) {
  std::ofstream file(path_, std::ios::binary | std::ios::app);
  file << write_json(line) << "\n";
  if (!file.flush()) throw ResourceError("cannot write " + path_.string());
  keep(line);
}

void Metrics::keep(const Json& line) {
  const std::int64_t step = line.at("step").as_integer();
  for (const JsonMember& member : line.as_object()) {
    if (member.key != "step" && member.value.is_number()) {
      series_[member.key].push_back({.step = step, .value = member.value.as_number()});
    }
  }
}

const Metrics::Series& Metrics::of(std::string_view name) const {
  static const Series kNothing;
  const auto found = series_.find(name);
  return found == series_.end() ? kNothing : found->second;
}

bool Metrics::has(std::string_view name, std::int64_t step) const {
  const Series& series = of(name);
  return !series.empty() && series.back().step >= step;
}

}  // namespace wedlm::train
