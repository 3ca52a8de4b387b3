#include "wedlm/train/trainer.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "wedlm/base/error.h"
#include "wedlm/checkpoint/companion_files.h"
#include "wedlm/train/evaluator.h"
#include "wedlm/train/rank_sums.h"
#include "wedlm/train/run_record.h"
#include "wedlm/train/same_run.h"

namespace wedlm::train {
namespace {

namespace fs = std::filesystem;

constexpr const char* kState = "training_state.safetensors";

/// What has to be the same for a run to go on as it would have gone.
Json identity(const StartingPoint& start, const RunData& data, const TrainOptions& options, std::int64_t num_steps) {
  const BatchOptions& batches = options.batches;
  const SampleSet& samples = data.training.samples;
  const std::size_t num_held_out = data.held_out ? data.held_out->samples.num_tokens() : 0;
  Json identity = Json::object({{"samples", static_cast<std::int64_t>(samples.size())},
                                {"tokens", static_cast<std::int64_t>(samples.num_tokens())},
                                {"held_out_tokens", static_cast<std::int64_t>(num_held_out)},
                                {"steps", num_steps},
                                {"seed", batches.seed},
                                {"max_length", static_cast<std::int64_t>(batches.max_tokens)},
                                {"accumulation", batches.accumulation},
                                {"block_size", batches.masks.block_size},
                                {"mask_pattern", static_cast<int>(batches.masks.pattern)},
                                {"random_offset", batches.masks.has_random_offset},
                                {"complementary", batches.masks.is_complementary},
                                {"weighting", static_cast<int>(options.weighting)},
                                {"next_token_weight", options.next_token_weight},
                                {"distillation", options.model.distillation},
                                {"schedule", static_cast<int>(options.schedule.kind)},
                                {"learning_rate", options.schedule.peak},
                                {"warmup_ratio", options.schedule.warmup_ratio},
                                {"weight_decay", options.optimizer.weight_decay},
                                {"beta2", options.optimizer.beta2},
                                {"max_gradient_norm", options.optimizer.max_gradient_norm},
                                {"compute", static_cast<int>(options.model.compute)}});
  if (const auto& lora = options.model.lora) {
    Json::Array targets;
    for (const std::string& name : lora->targets) targets.emplace_back(name);
    identity.set("lora_rank", lora->rank);
    identity.set("lora_alpha", lora->alpha);
    identity.set("lora_dropout", lora->dropout);
    identity.set("lora_targets", targets);
    identity.set("lora_on", static_cast<int>(lora->rows));
    identity.set("base_weights", describe(options.model.base));
  }
  if (start.is_from_nothing) {
    for (const JsonMember& member : start.config_json.as_object()) identity.set("shape's " + member.key, member.value);
  }
  return identity;
}

/// The options of the model, which draws by the run's seed.
ModelOptions model_options(const TrainOptions& options) {
  ModelOptions model = options.model;
  model.seed = options.batches.seed;
  return model;
}

using Clock = std::chrono::steady_clock;

void add(const Losses& losses, double share, Losses& sum) {
  sum.masked += losses.masked * share;
  sum.next_token += losses.next_token * share;
  sum.distilled += losses.distilled * share;
  sum.total += losses.total * share;
  sum.num_masked += losses.num_masked;
  sum.num_next += losses.num_next;
}

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

class Run {
 public:
  Run(const StartingPoint& start, const RunData& data, const TrainOptions& options, const Watcher& watcher,
      const RunHooks& hooks, Ranks& ranks)
      : start_(start),
        options_(options),
        watcher_(watcher),
        hooks_(hooks),
        ranks_(ranks),
        batches_(data.training.samples, data.training.files, options.batches),
        num_steps_(options.max_steps > 0 ? options.max_steps : batches_.steps_of_all(options.num_epochs)) {
    const Json run = identity(start, data, options, num_steps_);
    check_same_run(run, data, options, hooks, ranks);
    if (ranks.is_first()) record_.emplace(options.output, options.resume, run);
    last_ = first_ones(record_ ? record_->start() : std::nullopt);
    model_ =
        std::make_unique<TrainedModel>(*start.weights, start.config, model_options(options), options.optimizer, ranks);
    check_same_weights(*model_, ranks);
    if (data.held_out) {
      evaluator_.emplace(*data.held_out, options.batches, options.weighting, options.next_token_weight, ranks);
    }
  }

  TrainResult train() {
    if (last_) {
      model_->load_state(folder_of_step(*last_) / kState);
      num_done_ = *last_;
    }
    if (!evaluate()) return interrupted();
    while (num_done_ < num_steps_) {
      if (!step()) return interrupted();
      if (num_done_ % options_.save_every == 0 || num_done_ == num_steps_) save();
      if (!evaluate()) return interrupted();
    }
    const fs::path last = record_ ? record_->folder().final_checkpoint() : fs::path();
    save_as(last, [this](const fs::path& path) { fill(path); });
    return {.num_steps = num_done_,
            .is_finished = true,
            .checkpoint = last,
            .best = record_ ? record_->best() : std::nullopt};
  }

 private:
  /// What the first rank has.
  std::optional<std::int64_t> first_ones(std::optional<std::int64_t> own) const {
    double place = own ? static_cast<double>(*own) + 1 : 0;  // 0 in all others
    ranks_.sum({&place, 1});
    return place > 0 ? std::optional(static_cast<std::int64_t>(place) - 1) : std::nullopt;
  }

  fs::path folder_of_step(std::int64_t step) const { return record_ ? record_->folder().checkpoint(step) : fs::path(); }

  /// False where it was interrupted before the step was whole; nothing of it remains then.
  bool step() {
    const auto start = Clock::now();
    StepReport done{.step = num_done_ + 1, .num_steps = num_steps_};
    const double share = 1 / static_cast<double>(batches_.num_packs(num_done_));
    bool is_interrupted = false;
    const auto packs = batches_.of_step(num_done_, {.rank = ranks_.rank(), .size = ranks_.size()});
    const auto at_once = static_cast<std::size_t>(model_->num_at_once());
    for (std::size_t i = 0; i < packs.size(); i += at_once) {
      is_interrupted = watcher_.is_interrupted();
      if (is_interrupted) break;
      add_gradients(std::span(packs).subspan(i, std::min(at_once, packs.size() - i)), share, done);
    }
    if (!sum_over_ranks(ranks_, is_interrupted, done.losses, {&done.num_rows, &done.num_tokens})) return false;
    done.learning_rate = learning_rate(options_.schedule, num_done_, num_steps_);
    try {
      done.gradient_norm = model_->step(done.learning_rate);
    } catch (const InvalidInput& error) {
      throw InvalidInput("step " + std::to_string(done.step) + ": " + error.what() +
                         "; a smaller --learning-rate may help, and the last checkpoint is as it was");
    }
    done.seconds = seconds_since(start);
    ++num_done_;
    if (record_) {
      record_->append(report_json(done));
      hooks_.on_step(done);
    }
    return true;
  }

  void add_gradients(std::span<const DualStream> packs, double share, StepReport& done) {
    std::vector<std::vector<float>> weights;
    for (const DualStream& pack : packs) {
      weights.push_back(loss_weights(pack.losses, options_.weighting, options_.next_token_weight));
      done.num_rows += pack.ids.size();
      done.num_tokens += static_cast<std::size_t>(pack.num_tokens);
    }
    for (const Losses& losses : model_->add_gradients(packs, weights, options_.next_token_weight, share)) {
      add(losses, share, done.losses);
    }
  }

  /// Measures what is due after this step and was not measured before. False where it was interrupted.
  bool evaluate() {
    const std::int64_t every = options_.eval_every > 0 ? options_.eval_every : options_.save_every;
    if (num_done_ % every != 0 && num_done_ != num_steps_ && last_ != num_done_) return true;
    if (!judge_held_out()) return false;
    if (record_) record_->keep(options_.save_total_limit, watcher_);
    if (!answer_exercises()) return false;
    if (record_) record_->draw_curves();
    return true;
  }

  /// Whether an earlier run has.
  bool has_measured(const char* name) const { return ranks_.any(record_ && record_->metrics().has(name, num_done_)); }

  bool judge_held_out() {
    if (!evaluator_ || has_measured("eval_loss")) return true;
    const auto start = Clock::now();
    const auto losses = evaluator_->losses(*model_, watcher_);
    if (!losses) return false;
    if (!record_) return true;
    const auto& before = record_->metrics().of("eval_loss");
    HeldOutReport done{.step = num_done_, .losses = *losses, .seconds = seconds_since(start)};
    done.is_best = std::ranges::all_of(before, [&](const auto& point) { return losses->total < point.value; });
    record_->append(report_json(done));
    hooks_.on_held_out(done);
    return true;
  }

  bool answer_exercises() {
    if (!hooks_.answer_exercises || has_measured("exercise_accuracy")) return true;
    const auto start = Clock::now();
    const bool is_saved = last_ == num_done_;
    const fs::path place = is_saved  ? folder_of_step(num_done_)
                           : record_ ? record_->folder().passing_checkpoint()
                                     : fs::path();
    if (!is_saved) save_as(place, [this](const fs::path& path) { fill(path); });
    std::optional<ExerciseScores> scores;
    ranks_.first_alone([&] {
      scores = hooks_.answer_exercises(place);
      if (!is_saved) RunFolder::remove(place);
    });
    if (ranks_.any(record_ && !scores)) return false;
    if (!record_) return true;
    const ExerciseReport done{.step = num_done_, .scores = *scores, .seconds = seconds_since(start)};
    record_->append(report_json(done));
    hooks_.on_exercises(done);
    return true;
  }

  TrainResult interrupted() {
    if (last_ != num_done_) save();
    if (record_) record_->draw_curves();
    return {.num_steps = num_done_, .is_finished = false, .checkpoint = folder_of_step(num_done_)};
  }

  void save() {
    save_as(folder_of_step(num_done_), [this](const fs::path& path) {
      fill(path);
      model_->save_state(path / kState);
      if (record_) record_->write_state(path, num_done_);
    });
    last_ = num_done_;
  }

  /// All ranks have a part in what is written, by the first one.
  void save_as(const fs::path& place, const std::function<void(const fs::path&)>& fill_folder) const {
    if (record_) {
      record_->folder().save(place, fill_folder);
    } else {
      fill_folder(place);
    }
  }

  /// What every program reads: a checkpoint, or an adapter of one.
  void fill(const fs::path& path) const {
    if (options_.model.lora) {
      if (record_) write_lora_config(path, *options_.model.lora, start_.config.mask_token_id);
      model_->save_weights(path / "adapter_model.safetensors", DType::kF32);
      return;
    }
    if (record_) describe_model(path);
    model_->save_weights(path / "model.safetensors", options_.save_type);
  }

  void describe_model(const fs::path& path) const {
    Json::Object members = start_.config_json.as_object();
    std::erase_if(members, [](const JsonMember& member) { return member.key == "dtype"; });
    Json config = members;
    config.replace("mask_token_id", static_cast<std::int64_t>(start_.config.mask_token_id));
    config.replace("torch_dtype", options_.save_type == DType::kBF16 ? "bfloat16" : "float32");
    write_json_file(path / "config.json", config);
    copy_companion_files(start_.companions, path, start_.is_from_nothing ? Companions::kText : Companions::kAll);
  }

  const StartingPoint& start_;
  const TrainOptions& options_;
  const Watcher& watcher_;
  const RunHooks& hooks_;
  Ranks& ranks_;
  Batches batches_;
  std::int64_t num_steps_;
  std::optional<RunRecord> record_;   // in the first rank
  std::optional<std::int64_t> last_;  // step of the newest checkpoint
  std::unique_ptr<TrainedModel> model_;
  std::optional<Evaluator> evaluator_;  // where samples are held out
  std::int64_t num_done_ = 0;
};

}  // namespace

TrainResult train(const StartingPoint& start, const RunData& data, const TrainOptions& options, const Watcher& watcher,
                  const RunHooks& hooks) {
  const auto others = options.world.size > 1 ? meet(options.world, watcher) : nullptr;
  Ranks& ranks = others ? *others : Ranks::alone();
  try {
    TrainResult result = Run(start, data, options, watcher, hooks, ranks).train();
    ranks.any(false);  // nobody goes before all is written
    return result;
  } catch (const std::exception&) {
    std::rethrow_exception(ranks.end(std::current_exception()));
  }
}

}  // namespace wedlm::train
