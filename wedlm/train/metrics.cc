#include "wedlm/train/metrics.h"

#include <fstream>

#include "wedlm/base/error.h"
#include "wedlm/base/output_file.h"
#include "wedlm/base/presence.h"
#include "wedlm/frontend/text_input.h"

namespace wedlm::train {
namespace {

/// "eval_loss" as TensorBoard groups it: "eval/loss".
std::string tag_of(const std::string& name) {
  for (const std::string group : {"eval", "exercise"}) {
    if (name.starts_with(group + "_")) return group + "/" + name.substr(group.size() + 1);
  }
  return "train/" + name;
}

}  // namespace

Metrics::Metrics(const std::filesystem::path& folder, std::optional<std::int64_t> step)
    : folder_(folder), path_(folder / "metrics.jsonl"), first_step_(step ? *step + 1 : 0) {
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
  log(line);
}

void Metrics::log(const Json& line) {
  const std::int64_t step = line.at("step").as_integer();
  std::vector<Scalar> scalars;
  for (const JsonMember& member : line.as_object()) {
    if (member.key == "step" || !member.value.is_number()) continue;
    scalars.push_back({.tag = tag_of(member.key), .value = static_cast<float>(member.value.as_number())});
  }
  if (!events_) events_.emplace(folder_, first_step_);
  events_->append(step, scalars);
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
