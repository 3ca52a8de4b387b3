#include "wedlm/train/data/sample_set.h"

#include <algorithm>
#include <utility>

#include "wedlm/base/error.h"

namespace wedlm::train {
namespace {

/// Adds those in which something is learned.
void add_samples(const std::vector<Sample>& samples, std::size_t file, SampleSetBuilder& set, ReadingReport& report) {
  for (const Sample& sample : samples) {
    if (std::ranges::count(sample.is_learned, 1) == 0) {
      ++report.num_without_loss;
    } else {
      set.add(sample, file);
    }
  }
}

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
  SampleSetBuilder builder;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const DataVisitor visitor{
        .on_line = [&](const Json& line,
                       const std::string& source) { add_samples(maker.of_json(line, source), i, builder, report); },
        .on_text = [&](std::string_view text) { add_samples(maker.of_text(text), i, builder, report); }};
    read_data_file(files[i].path, bad_lines, visitor, watcher, report);
  }
  SampleSet set = std::move(builder).take();
  if (set.size() == 0) {
    throw InvalidInput("training data: expected at least one sample with something to learn, found none in " +
                       std::to_string(report.num_lines) + " lines" +
                       (report.num_bad_lines > 0 ? ", the first of them wrong: " + report.first_bad_line : ""));
  }
  return set;
}

}  // namespace wedlm::train
