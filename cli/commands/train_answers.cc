#include "cli/commands/train_answers.h"

#include <memory>
#include <utility>

#include "wedlm/base/error.h"
#include "wedlm/engine/engine.h"
#include "wedlm/engine/loaded_model.h"
#include "wedlm/eval/watched_streams.h"
#include "wedlm/frontend/prompt_encoder.h"
#include "wedlm/frontend/sampling_settings.h"

namespace wedlm::cli {
namespace {

/// The model, which is loaded when the first question comes.
class Answerer {
 public:
  Answerer(const TrainAnswerOptions& options, const Watcher& watcher) : options_(options), watcher_(watcher) {}

  std::vector<std::optional<std::string>> answer(std::span<const Prompt> prompts) {
    if (!options_.is_alone) {
      throw InvalidInput("--self-generate: several processes take the answers that one has made, and in " +
                         options_.folder.string() +
                         " some are missing; let the same command run alone first, until it trains");
    }
    if (!engine_) load();
    const PromptEncoder encoder(*model_);
    std::vector<std::shared_ptr<ResponseStream>> streams;
    for (const Prompt& prompt : prompts) {
      try {
        streams.push_back(engine_->submit({.prompt = encoder.encode(prompt), .params = params_}));
      } catch (const InvalidInput& error) {
        throw InvalidInput(prompt.source + ": " + error.what());
      }
    }
    std::vector<std::optional<std::string>> answers;
    for (Result& result : wait_for_results(streams, watcher_, "--self-generate")) {
      if (result.finish_reason == FinishReason::kCancelled) throw Interrupted();
      answers.emplace_back();
      if (result.finish_reason == FinishReason::kStop) answers.back() = std::move(result.text);
    }
    return answers;
  }

 private:
  void load() {
    model_ = LoadedModel::load(options_.model, {.backend = {.cpu = options_.cpu}});
    SamplingSettings settings(options_.max_tokens);
    settings.give(*find_json_option("temperature"), 0);
    settings.give(*find_json_option("mode"), "autoregressive");
    params_ = settings.params(model_->generation_defaults());
    engine_ = std::make_unique<Engine>(*model_, EngineOptions());
  }

  const TrainAnswerOptions& options_;
  const Watcher& watcher_;
  std::unique_ptr<LoadedModel> model_;
  SamplingParams params_;
  std::unique_ptr<Engine> engine_;
};

}  // namespace

std::vector<train::TrainingFile> self_answered_files(const std::vector<train::TrainingFile>& files,
                                                     const train::SampleMaker& maker, const TrainAnswerOptions& options,
                                                     const Watcher& watcher) {
  Answerer answerer(options, watcher);
  train::SelfAnswerReport report;
  const Json origin = Json::object({{"model", std::filesystem::canonical(options.model).string()},
                                    {"max_tokens", static_cast<std::int64_t>(options.max_tokens)}});
  auto answered = train::self_answered(
      files, maker, {.folder = options.folder, .origin = origin, .bad_lines = options.bad_lines},
      [&](std::span<const Prompt> prompts) { return answerer.answer(prompts); }, watcher, report);
  std::string line = "the model answered " + std::to_string(report.num_asked) + " questions itself";
  if (report.num_found > 0) line += "; " + std::to_string(report.num_found) + " lines were done before";
  if (report.num_unfinished > 0) {
    line += "; " + std::to_string(report.num_unfinished) + " answers did not end within " +
            std::to_string(options.max_tokens) + " tokens and are left out";
  }
  if (report.reading.num_bad_lines > 0) line += "; " + bad_lines_text(report.reading);
  watcher.note(line);
  return answered;
}

}  // namespace wedlm::cli
