// All samples of a run, one after the other in memory, with the file that each came from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "wedlm/base/watcher.h"
#include "wedlm/train/data/data_files.h"
#include "wedlm/train/data/sample.h"
#include "wedlm/train/data/sample_maker.h"

namespace wedlm::train {

/// A file of training data and how often an epoch takes each of its samples: 2 twice, 0.5 every other one.
struct TrainingFile {
  std::filesystem::path path;
  double weight = 1;
};

/// Samples as they lie in memory, whoever holds it.
struct SampleArrays {
  std::span<const TokenId> ids{};              // [tokens]
  std::span<const std::uint8_t> is_learned{};  // [tokens]
  std::span<const std::uint64_t> ends{};       // [samples] in tokens
  std::span<const std::uint32_t> files{};      // [samples]
};

/// Some or all samples of arrays, which it shares with its copies.
class SampleSet {
 public:
  SampleSet() = default;
  /// All of them. `holder` is what keeps them in memory.
  SampleSet(const SampleArrays& arrays, std::shared_ptr<const void> holder);

  std::size_t size() const { return chosen_ ? chosen_->size() : arrays_.ends.size(); }
  SampleView operator[](std::size_t i) const;
  std::size_t file_of(std::size_t i) const { return arrays_.files[place_of(i)]; }
  std::size_t num_tokens() const { return num_tokens_; }

  /// These samples of it.
  SampleSet subset(const std::vector<std::size_t>& indices) const;
  /// Of a set that is no subset.
  const SampleArrays& arrays() const { return arrays_; }

 private:
  std::size_t place_of(std::size_t i) const { return chosen_ ? (*chosen_)[i] : i; }

  SampleArrays arrays_;
  std::shared_ptr<const void> holder_;
  std::optional<std::vector<std::size_t>> chosen_;  // of a subset: places in the arrays
  std::size_t num_tokens_ = 0;
};

/// Puts samples one after the other.
class SampleSetBuilder {
 public:
  void add(const Sample& sample, std::size_t file);
  SampleSet take() &&;

 private:
  std::vector<TokenId> ids_;
  std::vector<std::uint8_t> is_learned_;
  std::vector<std::uint64_t> ends_;
  std::vector<std::uint32_t> files_;
};

/// Samples with the files that they came from, whose weights count.
struct DataSet {
  SampleSet samples{};
  std::vector<TrainingFile> files{};
};

/// The samples of all files, of lines as SampleMaker::of_json() takes them. Those in which nothing is learned are left
/// out. Throws as read_data_file(), and InvalidInput for files that have no sample together.
SampleSet read_samples(const std::vector<TrainingFile>& files, const SampleMaker& maker, BadLines bad_lines,
                       const Watcher& watcher, ReadingReport& report);

}  // namespace wedlm::train
