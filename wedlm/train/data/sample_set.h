// All samples of a run, one after the other in memory, with the file that each came from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "wedlm/base/watcher.h"
#include "wedlm/train/data/sample.h"
#include "wedlm/train/data/sample_maker.h"

namespace wedlm::train {

/// A file of training data and how often an epoch takes each of its samples: 2 twice, 0.5 every other one.
struct TrainingFile {
  std::filesystem::path path;
  double weight = 1;
};

/// What was read, for people.
struct ReadingReport {
  std::size_t num_lines = 0;
  std::size_t num_bad_lines = 0;     // that were skipped
  std::string first_bad_line{};      // its message
  std::size_t num_without_loss = 0;  // samples that were left out, since nothing in them is learned
};

class SampleSet {
 public:
  void add(const Sample& sample, std::size_t file);

  std::size_t size() const { return ends_.size(); }
  SampleView operator[](std::size_t i) const;
  std::size_t file_of(std::size_t i) const { return files_[i]; }
  std::size_t num_tokens() const { return ids_.size(); }

 private:
  std::vector<TokenId> ids_;
  std::vector<std::uint8_t> is_learned_;
  std::vector<std::size_t> ends_;     // of each sample, in ids_
  std::vector<std::uint32_t> files_;  // of each sample
};

enum class BadLines { kRefuse, kSkip };

/// Reads the files: .jsonl line by line as SampleMaker::of_json() takes them, and of any other name as one plain text.
/// Samples in which nothing is learned are left out. Throws InvalidInput naming file and line for a line that is no
/// training data, unless such lines are skipped, and for files that have no sample together; ResourceError for a file
/// that cannot be read; Interrupted.
SampleSet read_samples(const std::vector<TrainingFile>& files, const SampleMaker& maker, BadLines bad_lines,
                       const Watcher& watcher, ReadingReport& report);

}  // namespace wedlm::train
