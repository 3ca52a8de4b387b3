// Runs prompts through every setting of a sweep, in turn, and keeps answers and times. One engine for each setting, so
// that what one learns about drafts does not help another.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "wedlm/base/watcher.h"
#include "wedlm/engine/engine.h"
#include "wedlm/engine/loaded_model.h"
#include "wedlm/eval/report.h"

namespace wedlm {

struct SweepPrompt {
  std::string source;  // "line 3 of prompts.jsonl"
  std::vector<TokenId> token_ids;
};

struct SweepSetting {
  SettingName name;
  SamplingParams params;
};

struct SweepPlan {
  std::vector<SweepSetting> settings;
  std::vector<SweepPrompt> prompts;
  EngineOptions engine;
  int num_runs = 1;
  int batch_size = 1;  // prompts that are answered at once
};

struct SweepOutcome {
  std::vector<SettingRuns> settings;
  std::size_t num_prompts = 0;  // the first ones: those that every setting has answered
  std::size_t num_runs = 0;     // that the times are of
  bool is_interrupted = false;
};

/// The settings take turns at each batch of prompts, so that what else the machine does meets all of them; the first
/// prompt warms each up without counting. Once interrupted, the outcome is that of complete runs, or, without one, of
/// the batches that every setting has finished. Throws as Engine::submit(), with the prompt's source in front, and
/// InternalError where a forward failed.
SweepOutcome run_sweep(const SweepPlan& plan, LoadedModel& model, const Watcher& watcher);

}  // namespace wedlm
