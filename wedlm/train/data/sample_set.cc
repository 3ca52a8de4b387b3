#include "wedlm/train/data/sample_set.h"

#include <algorithm>
#include <utility>

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

  SampleSet take() { return std::move(set_).take(); }

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
  SampleSetBuilder set_;
};

}  // namespace

SampleSet::SampleSet(const SampleArrays& arrays, std::shared_ptr<const void> holder)
    : arrays_(arrays), holder_(std::move(holder)), num_tokens_(arrays.ids.size()) {}

SampleView SampleSet::operator[](std::size_t i) const {
  const std::size_t place = place_of(i);
  const std::size_t begin = place == 0 ? 0 : arrays_.ends[place - 1];
  const std::size_t count = arrays_.ends[place] - begin;
  return {arrays_.ids.subspan(begin, count), arrays_.is_learned.subspan(begin, count)};
}

SampleSet SampleSet::subset(const std::vector<std::size_t>& indices) const {
  SampleSet subset = *this;
  subset.num_tokens_ = 0;
  subset.chosen_.emplace().reserve(indices.size());
  for (const std::size_t i : indices) {
    subset.chosen_->push_back(place_of(i));
    subset.num_tokens_ += (*this)[i].size();
  }
  return subset;
}

void SampleSetBuilder::add(const Sample& sample, std::size_t file) {
  ids_.insert(ids_.end(), sample.ids.begin(), sample.ids.end());
  is_learned_.insert(is_learned_.end(), sample.is_learned.begin(), sample.is_learned.end());
  ends_.push_back(ids_.size());
  files_.push_back(static_cast<std::uint32_t>(file));
}

SampleSet SampleSetBuilder::take() && {
  const auto holder = std::make_shared<const SampleSetBuilder>(std::move(*this));
  return {{.ids = holder->ids_, .is_learned = holder->is_learned_, .ends = holder->ends_, .files = holder->files_},
          holder};
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
