#include "wedlm/train/trainer.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>

#include "wedlm/base/error.h"
#include "wedlm/base/named.h"
#include "wedlm/base/output_file.h"
#include "wedlm/base/quote.h"
#include "wedlm/checkpoint/companion_files.h"
#include "wedlm/frontend/text_input.h"
#include "wedlm/train/curves.h"
#include "wedlm/train/evaluator.h"
#include "wedlm/train/metrics.h"
#include "wedlm/train/run_folder.h"

namespace wedlm::train {
namespace {

namespace fs = std::filesystem;

constexpr const char* kState = "training_state.safetensors";
constexpr const char* kStateJson = "training_state.json";

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

void check_identity(const Json& stored, const Json& own, const fs::path& path) {
  for (const JsonMember& member : own.as_object()) {
    const Json* other = stored.find(member.key);
    // Written and read again, so that numbers compare as they are stored.
    if (other != nullptr && *other == parse_json(write_json(member.value), member.key)) continue;
    throw InvalidInput("--resume: " + path.string() + " belongs to a run with " + member.key + " " +
                       (other == nullptr ? "none" : shown(*other)) + ", and this one has " + shown(member.value));
  }
  for (const JsonMember& member : stored.as_object()) {
    if (own.find(member.key) != nullptr) continue;
    throw InvalidInput("--resume: " + path.string() + " belongs to a run with " + member.key + " " +
                       shown(member.value) + ", and this one has none");
  }
}

/// The options of the model, which draws by the run's seed.
ModelOptions model_options(const TrainOptions& options) {
  ModelOptions model = options.model;
  model.seed = options.batches.seed;
  return model;
}

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

class Run {
 public:
  Run(const StartingPoint& start, const RunData& data, const TrainOptions& options, const Watcher& watcher,
      const RunHooks& hooks)
      : start_(start),
        options_(options),
        watcher_(watcher),
        hooks_(hooks),
        batches_(data.training.samples, data.training.files, options.batches),
        num_steps_(options.max_steps > 0 ? options.max_steps : batches_.steps_of_all(options.num_epochs)),
        identity_(identity(start, data, options, num_steps_)),
        folder_(options.output),
        last_(checked_checkpoint()),
        metrics_(options.output, last_),
        model_(*start.weights, start.config, model_options(options), options.optimizer) {
    if (data.held_out) {
      evaluator_.emplace(*data.held_out, options.batches, options.weighting, options.next_token_weight);
    }
  }

  TrainResult train() {
    if (last_) {
      model_.load_state(folder_.checkpoint(*last_) / kState);
      num_done_ = *last_;
    }
    if (!evaluate()) return interrupted();
    while (num_done_ < num_steps_) {
      if (watcher_.is_interrupted() || !step()) return interrupted();
      if (num_done_ % options_.save_every == 0 || num_done_ == num_steps_) save();
      if (!evaluate()) return interrupted();
    }
    folder_.save(folder_.final_checkpoint(), [this](const fs::path& path) { fill(path); });
    TrainResult result{.num_steps = num_done_, .is_finished = true, .checkpoint = folder_.final_checkpoint()};
    if (const auto best = best_step()) result.best = folder_.checkpoint(*best);
    return result;
  }

 private:
  /// The newest one, which has to be of this run.
  std::optional<std::int64_t> checked_checkpoint() const {
    const auto last = folder_.last_step();
    if (!last) return last;
    const fs::path path = folder_.checkpoint(*last);
    if (!options_.resume) {
      throw InvalidInput(options_.output.string() + " has " + path.filename().string() +
                         " of an earlier run; --resume goes on with it, or name another folder");
    }
    const fs::path json = path / kStateJson;
    check_identity(parse_json(read_input(json.string()).text, json.string()).at("run"), identity_, path);
    return last;
  }

  /// False where it was interrupted before the step was whole; nothing of it remains then.
  bool step() {
    const auto start = Clock::now();
    StepReport done{.step = num_done_ + 1, .num_steps = num_steps_};
    const std::vector<DualStream> packs = batches_.of_step(num_done_);
    const double share = 1 / static_cast<double>(packs.size());
    for (const DualStream& pack : packs) {
      if (watcher_.is_interrupted()) return false;
      const auto weights = loss_weights(pack.losses, options_.weighting, options_.next_token_weight);
      const Losses losses = model_.add_gradient(pack, weights, options_.next_token_weight, share);
      done.losses.masked += losses.masked * share;
      done.losses.next_token += losses.next_token * share;
      done.losses.distilled += losses.distilled * share;
      done.losses.total += losses.total * share;
      done.losses.num_masked += losses.num_masked;
      done.losses.num_next += losses.num_next;
      done.num_rows += pack.ids.size();
      done.num_tokens += static_cast<std::size_t>(pack.num_tokens);
    }
    done.learning_rate = learning_rate(options_.schedule, num_done_, num_steps_);
    try {
      done.gradient_norm = model_.step(done.learning_rate);
    } catch (const InvalidInput& error) {
      throw InvalidInput("step " + std::to_string(done.step) + ": " + error.what() +
                         "; a smaller --learning-rate may help, and the last checkpoint is as it was");
    }
    done.seconds = seconds_since(start);
    ++num_done_;
    metrics_.append(report_json(done));
    hooks_.on_step(done);
    return true;
  }

  /// Measures what is due after this step and was not measured before. False where it was interrupted.
  bool evaluate() {
    const std::int64_t every = options_.eval_every > 0 ? options_.eval_every : options_.save_every;
    if (num_done_ % every != 0 && num_done_ != num_steps_ && last_ != num_done_) return true;
    if (!judge_held_out()) return false;
    const auto best = best_step();
    if (best) link_best(*best);
    folder_.keep_newest(options_.save_total_limit, best);
    if (!answer_exercises()) return false;
    draw_curves();
    return true;
  }

  /// A file system without links has none; the run goes on.
  void link_best(std::int64_t step) const {
    try {
      folder_.link_best(step);
    } catch (const ResourceError& error) {
      watcher_.note(error.what());
    }
  }

  bool judge_held_out() {
    if (!evaluator_ || metrics_.has("eval_loss", num_done_)) return true;
    const auto start = Clock::now();
    const auto losses = evaluator_->losses(model_, watcher_);
    if (!losses) return false;
    const auto& before = metrics_.of("eval_loss");
    HeldOutReport done{.step = num_done_, .losses = *losses, .seconds = seconds_since(start)};
    done.is_best = std::ranges::all_of(before, [&](const auto& point) { return losses->total < point.value; });
    metrics_.append(report_json(done));
    hooks_.on_held_out(done);
    return true;
  }

  bool answer_exercises() {
    if (!hooks_.answer_exercises || metrics_.has("exercise_accuracy", num_done_)) return true;
    const auto start = Clock::now();
    const bool is_saved = last_ == num_done_;
    const fs::path place = is_saved ? folder_.checkpoint(num_done_) : folder_.passing_checkpoint();
    if (!is_saved) folder_.save(place, [this](const fs::path& path) { fill(path); });
    const auto scores = hooks_.answer_exercises(place);
    if (!is_saved) RunFolder::remove(place);
    if (!scores) return false;
    const ExerciseReport done{.step = num_done_, .scores = *scores, .seconds = seconds_since(start)};
    metrics_.append(report_json(done));
    hooks_.on_exercises(done);
    return true;
  }

  /// Of the checkpoint with the lowest held-out loss. One that was removed had a higher one.
  std::optional<std::int64_t> best_step() const {
    std::optional<Metrics::Point> best;
    const auto steps = folder_.steps();
    for (const Metrics::Point& point : metrics_.of("eval_loss")) {
      if (best && !(point.value < best->value)) continue;
      if (std::ranges::binary_search(steps, point.step)) best = point;
    }
    return best ? std::optional(best->step) : std::nullopt;
  }

  void draw_curves() const {
    const auto svg = curves(metrics_, (options_.output / "").parent_path().filename().string());
    if (svg) write_whole_file(options_.output / "curves.svg", *svg);
  }

  TrainResult interrupted() {
    if (last_ != num_done_) save();
    draw_curves();
    return {.num_steps = num_done_, .is_finished = false, .checkpoint = folder_.checkpoint(num_done_)};
  }

  void save() {
    folder_.save(folder_.checkpoint(num_done_), [this](const fs::path& path) {
      fill(path);
      model_.save_state(path / kState);
      write_json_file(path / kStateJson, Json::object({{"step", num_done_}, {"run", identity_}}));
    });
    last_ = num_done_;
  }

  /// What every program reads: a checkpoint, or an adapter of one.
  void fill(const fs::path& path) const {
    if (options_.model.lora) {
      write_lora_config(path, *options_.model.lora, start_.config.mask_token_id);
      model_.save_weights(path / "adapter_model.safetensors", DType::kF32);
      return;
    }
    Json::Object members = start_.config_json.as_object();
    const auto set = [&members](const char* key, const Json& value) {
      std::erase_if(members, [key](const JsonMember& member) { return member.key == key; });
      members.push_back({key, value});
    };
    set("mask_token_id", static_cast<std::int64_t>(start_.config.mask_token_id));
    std::erase_if(members, [](const JsonMember& member) { return member.key == "dtype"; });
    set("torch_dtype", options_.save_type == DType::kBF16 ? "bfloat16" : "float32");
    write_json_file(path / "config.json", members);
    copy_companion_files(start_.companions, path, start_.is_from_nothing ? Companions::kText : Companions::kAll);
    model_.save_weights(path / "model.safetensors", options_.save_type);
  }

  const StartingPoint& start_;
  const TrainOptions& options_;
  const Watcher& watcher_;
  const RunHooks& hooks_;
  Batches batches_;
  std::int64_t num_steps_;
  Json identity_;
  RunFolder folder_;
  std::optional<std::int64_t> last_;  // step of the newest checkpoint
  Metrics metrics_;
  TrainedModel model_;
  std::optional<Evaluator> evaluator_;  // where samples are held out
  std::int64_t num_done_ = 0;
};

}  // namespace

TrainResult train(const StartingPoint& start, const RunData& data, const TrainOptions& options, const Watcher& watcher,
                  const RunHooks& hooks) {
  return Run(start, data, options, watcher, hooks).train();
}

}  // namespace wedlm::train
