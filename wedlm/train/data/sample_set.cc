#include "wedlm/train/data/sample_set.h"

#include <algorithm>

#include "wedlm/base/error.h"
#include "wedlm/frontend/text_input.h"

namespace wedlm::train {
namespace {

/// Reads one file after the other into a set.
class Reading {
 public:
  Reading(const SampleMaker& maker, BadLines bad_lines, const Watcher& watcher, ReadingReport& report)
      : maker_(maker), bad_lines_(bad_lines), watcher_(watcher), report_(report) {}

  void read(const TrainingFile& file, std::size_t index) {
    const TextInput input = read_input(file.path.string());
    const std::string title = "Reading " + file.path.filename().string();
    if (!file.path.string().ends_with(".jsonl")) {
      add(maker_.of_text(input.text), index);
      ++report_.num_lines;
      return;
    }
    for_each_line(input, [&](std::string_view line, const std::string& source) {
      if (watcher_.is_interrupted()) throw Interrupted();
      ++report_.num_lines;
      const auto done = static_cast<std::size_t>(line.data() - input.text.data());
      watcher_.progress({.title = title, .done = done, .total = input.text.size(), .unit = ProgressUnit::kBytes});
      read_line(line, source, index);
    });
  }

  SampleSet take() { return std::move(set_); }

 private:
  void read_line(std::string_view line, const std::string& source, std::size_t file) {
    try {
      add(maker_.of_json(parse_json(line, source), source), file);
    } catch (const InvalidInput& error) {
      if (bad_lines_ == BadLines::kRefuse) throw;
      if (report_.num_bad_lines++ == 0) report_.first_bad_line = error.what();
    }
  }

  void add(const std::vector<Sample>& samples, std::size_t file) {
    for (const Sample& sample : samples) {
      if (std::ranges::count(sample.is_learned, 1) == 0) {
        ++report_.num_without_loss;
      } else {
        set_.add(sample, file);
      }
    }
  }

  const SampleMaker& maker_;
  BadLines bad_lines_;
  const Watcher& watcher_;
  ReadingReport& report_;
  SampleSet set_;
};

}  // namespace

void SampleSet::add(const Sample& sample, std::size_t file) {
  ids_.insert(ids_.end(), sample.ids.begin(), sample.ids.end());
  is_learned_.insert(is_learned_.end(), sample.is_learned.begin(), sample.is_learned.end());
  ends_.push_back(ids_.size());
  files_.push_back(static_cast<std::uint32_t>(file));
}

SampleView SampleSet::operator[](std::size_t i) const {
  const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
  return {std::span(ids_).subspan(begin, ends_[i] - begin), std::span(is_learned_).subspan(begin, ends_[i] - begin)};
}

SampleSet read_samples(const std::vector<TrainingFile>& files, const SampleMaker& maker, BadLines bad_lines,
                       const Watcher& watcher, ReadingReport& report) {
  Reading reading(maker, bad_lines, watcher, report);
  for (std::size_t i = 0; i < files.size(); ++i) reading.read(files[i], i);
  SampleSet set = reading.take();
  if (set.size() == 0) {
    throw InvalidInput("training data: expected at least one sample with something to learn, found none in " +
                       std::to_string(report.num_lines) + " lines" +
                       (report.num_bad_lines > 0 ? ", the first of them wrong: " + report.first_bad_line : ""));
  }
  return set;
}

}  // namespace wedlm::train
