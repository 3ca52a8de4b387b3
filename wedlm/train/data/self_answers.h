// Data whose answers are the model's own: each question is asked again, and what the model says takes the place of what
// stood there. A WeDLM model that learns masks of its own answers learns what its next-token function will accept.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "wedlm/base/json.h"
#include "wedlm/base/watcher.h"
#include "wedlm/frontend/prompt.h"
#include "wedlm/train/data/data_files.h"
#include "wedlm/train/data/sample_maker.h"
#include "wedlm/train/data/sample_set.h"

namespace wedlm::train {

struct SelfAnswerOptions {
  std::filesystem::path folder{};  // where they are kept
  Json origin{};                   // who answers, and how: a folder of another's answers is refused
  BadLines bad_lines = BadLines::kRefuse;
  std::size_t num_at_once = 256;  // questions
};

/// The answer to each prompt, in order; nullopt for one that did not come to its end. Throws Interrupted.
using AskModel = std::function<std::vector<std::optional<std::string>>(std::span<const Prompt> prompts)>;

struct SelfAnswerReport {
  std::size_t num_asked = 0;       // in this run
  std::size_t num_found = 0;       // lines that an earlier run has done
  std::size_t num_unfinished = 0;  // of those asked: they are left out
  ReadingReport reading{};         // of the data
};

/// The files with those of .jsonl replaced by FOLDER/NAME, whose lines have the model's last answers and are otherwise
/// as they were; lines without an answer, and other files, stay. What a run has been told is kept, with
/// FOLDER/NAME.state.json beside it, and the next run goes on from there. Before anything is asked each line is tried
/// by `maker`. Throws InvalidInput for one that is no training data, unless such lines are skipped, for two files of
/// one name, and for a folder whose answers are of other questions or of another origin, naming what differs;
/// ResourceError for what cannot be written; Interrupted.
std::vector<TrainingFile> self_answered(const std::vector<TrainingFile>& files, const SampleMaker& maker,
                                        const SelfAnswerOptions& options, const AskModel& ask, const Watcher& watcher,
                                        SelfAnswerReport& report);

}  // namespace wedlm::train
