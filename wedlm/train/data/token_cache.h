// Samples in a file, so that a later run need not tokenise again: it is mapped into memory, and nothing in it is
// believed before its checksums and bounds are looked at.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "wedlm/base/json.h"
#include "wedlm/train/data/sample_set.h"

namespace wedlm::train {

/// What samples follow from: tokenizer and chat template of the model's folder, options, and what is in the data files.
/// Throws InvalidInput for data that cannot be read twice, such as a pipe.
Json sample_origin(const std::filesystem::path& model_folder, const std::vector<TrainingFile>& files,
                   const SampleOptions& options, BadLines bad_lines);

enum class CacheAccess { kReadWrite, kRead };

class TokenCache {
 public:
  /// `num_files` and `vocab_size` bound what samples may hold. With kRead nothing is written.
  TokenCache(std::filesystem::path path, const Json& origin, std::size_t num_files, std::size_t vocab_size,
             CacheAccess access = CacheAccess::kReadWrite);

  /// The samples of the file where it has those of this origin. Else those that `make` returns, which are written to
  /// it; `note` gets a line that says why where a file was there. Throws InvalidInput for a file that is no token
  /// cache, which stays as it is, ResourceError where it cannot be written, and what `make` throws.
  SampleSet samples(const std::function<SampleSet(ReadingReport&)>& make,
                    const std::function<void(const std::string&)>& note, ReadingReport& report) const;

 private:
  SampleSet read(ReadingReport& report) const;
  void write(const SampleSet& samples, const ReadingReport& report) const;

  std::filesystem::path path_;
  std::string origin_;  // as JSON
  std::size_t num_files_;
  std::size_t vocab_size_;
  CacheAccess access_;
};

}  // namespace wedlm::train
