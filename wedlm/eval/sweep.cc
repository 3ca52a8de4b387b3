#include "wedlm/eval/sweep.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <numeric>
#include <span>

#include "wedlm/base/error.h"
#include "wedlm/base/number_text.h"
#include "wedlm/eval/watched_streams.h"

namespace wedlm {
namespace {

using Prompts = std::span<const SweepPrompt>;

/// One setting under way.
class Contestant {
 public:
  Contestant(const SweepSetting& setting, const EngineOptions& options, LoadedModel& model)
      : name_(setting.name), params_(setting.params), engine_(std::make_unique<Engine>(model, options)) {}

  /// Answers the prompts at once and returns what it took, in seconds; `kept` gets theirs unless it is nullptr.
  double answer(Prompts prompts, const Watcher& watcher, std::vector<Result>* kept) {
    const auto start = std::chrono::steady_clock::now();
    std::vector<std::shared_ptr<ResponseStream>> streams;
    for (const SweepPrompt& prompt : prompts) streams.push_back(submit(prompt));
    std::vector<Result> results = wait_for_results(streams, watcher, "setting " + name_.text);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    if (kept != nullptr) std::move(results.begin(), results.end(), std::back_inserter(*kept));
    return seconds.count();
  }

  const SettingName& name() const { return name_; }

  std::vector<Result> answers;                     // of the first run
  std::vector<std::vector<double>> batch_seconds;  // for each run

 private:
  std::shared_ptr<ResponseStream> submit(const SweepPrompt& prompt) {
    try {
      return engine_->submit({.prompt = prompt.token_ids, .params = params_});
    } catch (const InvalidInput& error) {
      throw InvalidInput(prompt.source + ": " + error.what());
    }
  }

  SettingName name_;
  SamplingParams params_;
  std::unique_ptr<Engine> engine_;
};

/// Room for one batch: many engines stand side by side.
EngineOptions engine_options_of(const SweepPlan& plan, const LoadedModel& model) {
  EngineOptions options = plan.engine;
  options.enable_prefix_cache = false;
  options.max_num_seqs = std::min(options.max_num_seqs, plan.batch_size);
  options.max_waiting = std::max(options.max_waiting, plan.batch_size);
  if (options.max_model_len == 0) {
    std::size_t longest = 0;
    for (const SweepPrompt& prompt : plan.prompts) longest = std::max(longest, prompt.token_ids.size());
    const std::int64_t max_tokens = plan.settings.front().params.max_tokens;
    const std::int64_t needed = static_cast<std::int64_t>(longest) + max_tokens;
    if (needed < model.config().max_length()) options.max_model_len = static_cast<int>(needed);
  }
  return options;
}

double sum(std::span<const double> seconds) {
  return std::accumulate(seconds.begin(), seconds.end(), 0.0);
}

class Sweep {
 public:
  Sweep(const SweepPlan& plan, LoadedModel& model, const Watcher& watcher) : plan_(plan), watcher_(watcher) {
    const EngineOptions options = engine_options_of(plan, model);
    contestants_.reserve(plan.settings.size());
    for (const SweepSetting& setting : plan.settings) contestants_.emplace_back(setting, options, model);
  }

  SweepOutcome run() {
    for (Contestant& contestant : contestants_) {
      contestant.answer(Prompts(plan_.prompts).first(1), watcher_, nullptr);
    }
    for (int run = 0; run < plan_.num_runs && !watcher_.is_interrupted(); ++run) {
      run_once(run);
      if (!watcher_.is_interrupted()) note_run(run);
    }
    return outcome();
  }

 private:
  std::size_t num_batches() const {
    const auto size = static_cast<std::size_t>(plan_.batch_size);
    return (plan_.prompts.size() + size - 1) / size;
  }

  void run_once(int run) {
    const std::size_t total = contestants_.size() * plan_.prompts.size();
    const std::string title = plan_.num_runs > 1 ? "Run " + std::to_string(run + 1) : "Sweeping";
    for (Contestant& contestant : contestants_) contestant.batch_seconds.emplace_back();
    for (std::size_t batch = 0; batch < num_batches(); ++batch) {
      const std::size_t first = batch * static_cast<std::size_t>(plan_.batch_size);
      const std::size_t size = std::min(static_cast<std::size_t>(plan_.batch_size), plan_.prompts.size() - first);
      for (std::size_t i = 0; i < contestants_.size(); ++i) {
        Contestant& contestant = contestants_[i];
        const double seconds = contestant.answer(Prompts(plan_.prompts).subspan(first, size), watcher_,
                                                 run == 0 ? &contestant.answers : nullptr);
        if (watcher_.is_interrupted()) return;
        contestant.batch_seconds.back().push_back(seconds);
        watcher_.progress({.title = title, .done = contestants_.size() * first + (i + 1) * size, .total = total});
      }
    }
  }

  void note_run(int run) const {
    std::string line = plan_.num_runs > 1 ? "Run " + std::to_string(run + 1) + " took" : "The run took";
    for (const Contestant& contestant : contestants_) {
      line += (&contestant == &contestants_.front() ? " " : ", ") + fixed(sum(contestant.batch_seconds.back()), 1) +
              " s " + contestant.name().text;
    }
    watcher_.note(line);
  }

  SweepOutcome outcome() {
    SweepOutcome outcome{.is_interrupted = watcher_.is_interrupted()};
    // The last one finishes a batch last, so what it has all have.
    const std::vector<std::vector<double>>& last = contestants_.back().batch_seconds;
    std::size_t num_counted = last.empty() ? 0 : last.front().size();
    if (num_counted == 0) return outcome;
    outcome.num_runs = static_cast<std::size_t>(
        std::count_if(last.begin(), last.end(), [&](const auto& run) { return run.size() == num_batches(); }));
    outcome.num_runs = std::max<std::size_t>(outcome.num_runs, 1);
    outcome.num_prompts = std::min(plan_.prompts.size(), num_counted * static_cast<std::size_t>(plan_.batch_size));
    for (Contestant& contestant : contestants_) {
      SettingRuns runs{.name = contestant.name(), .answers = std::move(contestant.answers)};
      runs.answers.resize(outcome.num_prompts);
      for (std::size_t run = 0; run < outcome.num_runs; ++run) {
        runs.run_seconds.push_back(sum(std::span(contestant.batch_seconds[run]).first(num_counted)));
      }
      outcome.settings.push_back(std::move(runs));
    }
    return outcome;
  }

  const SweepPlan& plan_;
  const Watcher& watcher_;
  std::vector<Contestant> contestants_;
};

}  // namespace

SweepOutcome run_sweep(const SweepPlan& plan, LoadedModel& model, const Watcher& watcher) {
  return Sweep(plan, model, watcher).run();
}

}  // namespace wedlm
