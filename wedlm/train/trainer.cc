#include "wedlm/train/trainer.h"

#include <chrono>
#include <string>

#include "wedlm/base/error.h"
#include "wedlm/base/named.h"
#include "wedlm/base/quote.h"
#include "wedlm/checkpoint/companion_files.h"
#include "wedlm/frontend/text_input.h"
#include "wedlm/train/run_folder.h"

namespace wedlm::train {
namespace {

namespace fs = std::filesystem;

constexpr const char* kState = "training_state.safetensors";
constexpr const char* kStateJson = "training_state.json";

Json report_json(const StepReport& report) {
  return Json::object({{"step", report.step},
                       {"loss", report.losses.total},
                       {"masked_loss", report.losses.masked},
                       {"next_token_loss", report.losses.next_token},
                       {"learning_rate", report.learning_rate},
                       {"gradient_norm", report.gradient_norm},
                       {"tokens", static_cast<std::int64_t>(report.num_tokens)},
                       {"rows", static_cast<std::int64_t>(report.num_rows)},
                       {"seconds", report.seconds}});
}

/// What has to be the same for a run to go on as it would have gone.
Json identity(const SampleSet& samples, const TrainOptions& options, std::int64_t num_steps) {
  const BatchOptions& batches = options.batches;
  Json identity = Json::object({{"samples", static_cast<std::int64_t>(samples.size())},
                                {"tokens", static_cast<std::int64_t>(samples.num_tokens())},
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

class Run {
 public:
  Run(const Checkpoint& checkpoint, const ModelConfig& config, const SampleSet& samples,
      const std::vector<TrainingFile>& files, const TrainOptions& options)
      : checkpoint_(checkpoint),
        options_(options),
        batches_(samples, files, options.batches),
        num_steps_(options.max_steps > 0 ? options.max_steps : batches_.steps_of_all(options.num_epochs)),
        identity_(identity(samples, options, num_steps_)),
        mask_token_id_(config.mask_token_id),
        folder_(options.output),
        model_(checkpoint, config, model_options(options), options.optimizer) {}

  TrainResult train(const Watcher& watcher, const std::function<void(const StepReport&)>& report) {
    begin();
    while (num_done_ < num_steps_) {
      if (watcher.is_interrupted() || !step(watcher, report)) return interrupted();
      if (num_done_ % options_.save_every == 0 && num_done_ < num_steps_) save();
    }
    if (!last_) save();
    if (*last_ != num_done_) save();
    folder_.save(folder_.final_checkpoint(), [this](const fs::path& path) { fill(path); });
    return {.num_steps = num_done_, .is_finished = true, .checkpoint = folder_.final_checkpoint()};
  }

 private:
  using Clock = std::chrono::steady_clock;

  void begin() {
    last_ = folder_.last_step();
    if (!last_) {
      folder_.rewind_metrics(0);
      return;
    }
    const fs::path path = folder_.checkpoint(*last_);
    if (!options_.resume) {
      throw InvalidInput(options_.output.string() + " has " + path.filename().string() +
                         " of an earlier run; --resume goes on with it, or name another folder");
    }
    const fs::path json = path / kStateJson;
    const Json state = parse_json(read_input(json.string()).text, json.string());
    check_identity(state.at("run"), identity_, path);
    model_.load_state(path / kState);
    num_done_ = *last_;
    folder_.rewind_metrics(num_done_);
  }

  /// False where it was interrupted before the step was whole; nothing of it remains then.
  bool step(const Watcher& watcher, const std::function<void(const StepReport&)>& report) {
    const auto start = Clock::now();
    StepReport done{.step = num_done_ + 1, .num_steps = num_steps_};
    const std::vector<DualStream> packs = batches_.of_step(num_done_);
    const double share = 1 / static_cast<double>(packs.size());
    for (const DualStream& pack : packs) {
      if (watcher.is_interrupted()) return false;
      const auto weights = loss_weights(pack.losses, options_.weighting, options_.next_token_weight);
      const Losses losses = model_.add_gradient(pack, weights, options_.next_token_weight, share);
      done.losses.masked += losses.masked * share;
      done.losses.next_token += losses.next_token * share;
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
    done.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    ++num_done_;
    folder_.append_metrics(report_json(done));
    report(done);
    return true;
  }

  TrainResult interrupted() {
    if (last_ != num_done_) save();
    return {.num_steps = num_done_, .is_finished = false, .checkpoint = folder_.checkpoint(num_done_)};
  }

  void save() {
    folder_.save(folder_.checkpoint(num_done_), [this](const fs::path& path) {
      fill(path);
      model_.save_state(path / kState);
      write_json_file(path / kStateJson, Json::object({{"step", num_done_}, {"run", identity_}}));
    });
    last_ = num_done_;
    folder_.keep_newest(options_.save_total_limit);
  }

  /// What every program reads: a checkpoint, or an adapter of one.
  void fill(const fs::path& path) const {
    if (options_.model.lora) {
      write_lora_config(path, *options_.model.lora, mask_token_id_);
      model_.save_weights(path / "adapter_model.safetensors", DType::kF32);
      return;
    }
    Json::Object members = checkpoint_.config().as_object();
    const auto set = [&members](const char* key, const Json& value) {
      std::erase_if(members, [key](const JsonMember& member) { return member.key == key; });
      members.push_back({key, value});
    };
    set("mask_token_id", static_cast<std::int64_t>(mask_token_id_));
    std::erase_if(members, [](const JsonMember& member) { return member.key == "dtype"; });
    set("torch_dtype", options_.save_type == DType::kBF16 ? "bfloat16" : "float32");
    write_json_file(path / "config.json", members);
    copy_companion_files(checkpoint_.folder(), path);
    model_.save_weights(path / "model.safetensors", options_.save_type);
  }

  const Checkpoint& checkpoint_;
  const TrainOptions& options_;
  Batches batches_;
  std::int64_t num_steps_;
  Json identity_;
  TokenId mask_token_id_;
  RunFolder folder_;
  TrainedModel model_;
  std::int64_t num_done_ = 0;
  std::optional<std::int64_t> last_;  // step of the newest checkpoint
};

}  // namespace

TrainResult train(const Checkpoint& checkpoint, const ModelConfig& config, const SampleSet& samples,
                  const std::vector<TrainingFile>& files, const TrainOptions& options, const Watcher& watcher,
                  const std::function<void(const StepReport&)>& report) {
  return Run(checkpoint, config, samples, files, options).train(watcher, report);
}

}  // namespace wedlm::train
