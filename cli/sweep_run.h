// Runs prompts through every setting of a sweep, in turn, and keeps answers and times. One engine for each setting, so
// that what one learns about drafts does not help another.
#pragma once

#include <cstddef>
#include <vector>

#include "cli/console.h"
#include "cli/interrupts.h"
#include "cli/sweep_settings.h"
#include "wedlm/engine/engine.h"
#include "wedlm/engine/loaded_model.h"

namespace wedlm::cli {

struct SweepPrompt {
  std::string source;  // "line 3 of prompts.jsonl"
  std::vector<TokenId> token_ids;
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
/// prompt warms each up without counting. After Ctrl-C the outcome is that of complete runs, or, without one, of the
/// batches that every setting has finished. Throws as Engine::submit(), with the prompt's
/// source in front.
SweepOutcome run_sweep(const SweepPlan& plan, LoadedModel& model, const Console& console);

}  // namespace wedlm::cli
