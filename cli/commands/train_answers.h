// Has the model that is trained answer the data's questions, for `wedlm train --self-generate`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "wedlm/backend/make_backend.h"
#include "wedlm/base/watcher.h"
#include "wedlm/train/data/self_answers.h"

namespace wedlm::cli {

struct TrainAnswerOptions {
  std::filesystem::path model{};
  std::filesystem::path folder{};  // of the answers
  std::int32_t max_tokens = 512;   // of an answer; longer ones are left out
  train::BadLines bad_lines = train::BadLines::kRefuse;
  CpuOptions cpu{};
  bool is_alone = true;  // else one of several processes, which take answers that are there
};

/// The files with the model's own answers, autoregressive and greedy; a line on `watcher` says what was asked. Throws
/// as self_answered() and LoadedModel::load(), and InvalidInput where one of several processes lacks an answer.
std::vector<train::TrainingFile> self_answered_files(const std::vector<train::TrainingFile>& files,
                                                     const train::SampleMaker& maker, const TrainAnswerOptions& options,
                                                     const Watcher& watcher);

}  // namespace wedlm::cli
