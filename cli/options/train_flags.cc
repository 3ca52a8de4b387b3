#include "cli/options/train_flags.h"

#include <array>
#include <filesystem>
#include <limits>
#include <system_error>

#include "cli/options/option_group.h"
#include "wedlm/base/error.h"
#include "wedlm/base/named.h"
#include "wedlm/base/number_range.h"
#include "wedlm/base/number_text.h"
#include "wedlm/base/quote.h"

namespace wedlm::cli {
namespace {

using train::LongSamples;
using train::LossOn;
using train::LossWeighting;
using train::MaskPattern;
using train::ScheduleKind;

constexpr std::array kLossOn = {Named{LossOn::kLast, "last"}, Named{LossOn::kAll, "all"},
                                Named{LossOn::kEverything, "everything"}};
constexpr std::array kLongSamples = {Named{LongSamples::kSplit, "split"}, Named{LongSamples::kCut, "cut"}};
constexpr std::array kPatterns = {Named{MaskPattern::kRandom, "random"}, Named{MaskPattern::kSuffix, "suffix"},
                                  Named{MaskPattern::kMixed, "mixed"}, Named{MaskPattern::kWindow, "window"}};
constexpr std::array kWeightings = {Named{LossWeighting::kWeighted, "weighted"},
                                    Named{LossWeighting::kUniform, "uniform"}};
constexpr std::array kSchedules = {Named{ScheduleKind::kCosine, "cosine"}, Named{ScheduleKind::kConstant, "constant"}};
constexpr std::array kLoraRows = {Named{LoraRows::kAll, "all"}, Named{LoraRows::kMasks, "masks"}};
constexpr std::array kBaseWeights = {Named{WeightType::kStored, "stored"}, Named{WeightType::kInt8, "int8"},
                                     Named{WeightType::kInt4, "int4"}};
constexpr std::array kPrecisions = {Named{train::ComputeType::kBfloat16, "bfloat16"},
                                    Named{train::ComputeType::kFloat32, "float32"}};

double in_range(std::string_view given, const NumberRange& range) {
  const double number = parse_number(given);
  if (!range.contains(number)) throw InvalidInput("expected " + range.text("a number") + ", got " + quote(given));
  return number;
}

/// Options whose values land in the recipe itself, whose defaults the help shows.
class Recipe {
 public:
  Recipe(CLI::App& app, const char* title) : group_(app, title) {}

  void number(const char* name, const char* value, const std::string& text, const NumberRange& range, double& target) {
    group_.add({.names = name, .value = value, .text = text, .default_text = shortest(target)},
               [range, &target](std::string_view given) { target = in_range(given, range); });
  }

  template <class Integer>
  void integer(const char* name, const std::string& text, std::int64_t least, Integer& target) {
    group_.add({.names = name, .value = "N", .text = text, .default_text = std::to_string(target)},
               [least, &target](std::string_view given) {
                 target = static_cast<Integer>(parse_signed(given, least, std::int64_t{1} << 31));
               });
  }

  template <class Value, std::size_t kSize>
  void choice(const char* name, const std::string& text, const std::array<Named<Value>, kSize>& table, Value& target) {
    group_.add({.names = name,
                .value = joined(names_of(table), "|"),
                .text = text,
                .default_text = std::string(name_of(target, table))},
               [&table, &target](std::string_view given) { target = parse_named("", given, table); });
  }

  OptionGroup& group() { return group_; }

 private:
  OptionGroup group_;
};

/// FILE, or FILE:WEIGHT.
train::TrainingFile parse_file(std::string_view given) {
  const std::size_t colon = given.rfind(':');
  const auto weight = colon == std::string_view::npos ? std::nullopt : parse_whole<double>(given.substr(colon + 1));
  if (!weight) return {.path = given};
  if (!(*weight > 0 && *weight <= 1000)) {
    throw InvalidInput("a weight: expected a number above 0 and at most 1000, got " + quote(given.substr(colon + 1)));
  }
  return {.path = given.substr(0, colon), .weight = *weight};
}

void add_data_flags(CLI::App& app, TrainFlags& flags) {
  Recipe data(app, "Data");
  data.group().add_repeated(
      {.names = "-d,--data",
       .value = "FILE[:WEIGHT]",
       .text =
           "Training data, any number of files: .jsonl with a conversation (an array of messages, or an object with "
           "messages), {\"prompt\", \"completion\"} or {\"text\"} a line, or a plain text. A weight of 2 takes each "
           "sample twice an epoch, 0.5 every other one."},
      [&flags](std::string_view given) { flags.files.push_back(parse_file(given)); });
  data.choice("--loss-on", "Which tokens of a conversation are learned: the last answer's, every answer's, all.",
              kLossOn, flags.samples.loss_on);
  data.integer("--end-tokens", "End tokens after an answer; the window fills with them past its end.", 0,
               flags.samples.num_end_tokens);
  data.integer("--max-length", "Tokens of a sample, and of a pack of samples.", 2, flags.samples.max_length);
  data.choice("--long-samples", "What is longer becomes several samples, or is cut.", kLongSamples,
              flags.samples.long_samples);
  data.group().path({.names = "--self-generate",
                     .value = "FOLDER",
                     .text = "Let the model answer the data's questions itself first, greedily, and train on its "
                             "answers, which raises what decoding accepts. They are kept in this folder, and a later "
                             "run takes them from there."},
                    flags.own_answers);
  data.integer("--self-generate-tokens", "Of such an answer, at most; longer ones are left out.", 1,
               flags.own_answer_tokens);
  data.group().path({.names = "--token-cache",
                     .value = "FILE",
                     .text = "Keep the samples in this file and take them from there, as long as data, tokenizer and "
                             "options are what they were."},
                    flags.token_cache);
  data.group().add_switch(
      {.names = "--skip-bad-lines", .text = "Leave out lines that are no training data, and count them."},
      [&flags] { flags.bad_lines = train::BadLines::kSkip; });
}

void add_watch_flags(CLI::App& app, TrainFlags& flags) {
  Recipe watch(app, "Watching");
  watch.group().add_repeated({.names = "--eval-data",
                              .value = "FILE[:WEIGHT]",
                              .text = "Held-out data, as --data: its losses are taken and it is not trained on."},
                             [&flags](std::string_view given) { flags.eval_files.push_back(parse_file(given)); });
  watch.group().add(
      {.names = "--eval-share",
       .value = "SHARE",
       .text = "Hold out that share of the samples instead, drawn by --seed: 0.02 is one in fifty."},
      [&flags](std::string_view given) { flags.eval_share = in_range(given, NumberRange::between(0, 1)); });
  watch.group().add({.names = "--eval-every",
                     .value = "N",
                     .text = "Steps between evaluations; there is one at each checkpoint too.",
                     .default_text = "as --save-every"},
                    [&flags](std::string_view given) {
                      flags.options.eval_every = parse_signed(given, 1, std::numeric_limits<std::int32_t>::max());
                    });
  watch.group().path(
      {.names = "--exercises",
       .value = "FILE",
       .text = "Have these answered at each evaluation, autoregressively and in the mode exact: a .jsonl "
               "file with \"prompt\" and \"answer\" a line, as `wedlm sweep` takes it."},
      flags.exercises);
  watch.integer("--exercise-limit", "Only the first so many of them.", 1, flags.exercise_limit);
  watch.integer("--exercise-tokens", "Tokens of an answer, at most.", 1, flags.exercise_tokens);
}

void add_mask_flags(CLI::App& app, TrainFlags& flags) {
  train::MaskOptions& masks = flags.options.batches.masks;
  Recipe recipe(app, "Masks and losses");
  recipe.integer("--block-size", "Tokens of a prediction block.", 1, masks.block_size);
  recipe.choice(
      "--mask-pattern",
      "Which of a block's tokens are masked: any, its last ones, as a fresh window has them, one or the other, or any "
      "but later ones more often, as in a window that is partly filled.",
      kPatterns, masks.pattern);
  recipe.group().flag({.names = "--random-offset", .text = "Let a sample's blocks begin anywhere, not at multiples."},
                      masks.has_random_offset);
  recipe.group().flag(
      {.names = "--complementary-masks", .text = "A second block for each, which masks what the first one shows."},
      masks.is_complementary);
  recipe.choice("--loss-weighting", "Masks by 1 / ratio of their block, or alike.", kWeightings,
                flags.options.weighting);
  recipe.number("--next-token-weight", "W", "Of the next-token loss beside the masked one.",
                NumberRange::from_to(0, 1000), flags.options.next_token_weight);
  recipe.number("--distillation", "SHARE",
                "Of the masked loss that the model's own next-token predictions teach instead of the data.",
                NumberRange::from_to(0, 1), flags.options.model.distillation);
  recipe.group().integer(
      {.names = "--mask-token-id", .value = "ID", .text = "The mask, where the checkpoint names none."},
      flags.mask_token_id);
}

void add_optimizer_flags(CLI::App& app, TrainFlags& flags) {
  train::TrainOptions& options = flags.options;
  Recipe recipe(app, "Optimiser");
  recipe.number("--learning-rate", "RATE", "The peak.", NumberRange::above(0), options.schedule.peak);
  recipe.choice("--schedule", "How it falls after the warm-up.", kSchedules, options.schedule.kind);
  recipe.number("--warmup", "SHARE", "Of all steps, in which it rises.", NumberRange::from_to(0, 1),
                options.schedule.warmup_ratio);
  recipe.number("--weight-decay", "W", "Of matrices; norms and biases have none.", NumberRange::from_to(0, 1),
                options.optimizer.weight_decay);
  recipe.number("--beta2", "B", "Of AdamW's variance.", NumberRange::between(0, 1), options.optimizer.beta2);
  recipe.number("--clip", "NORM", "The gradient's largest norm; 0 for none.", NumberRange::at_least(0),
                options.optimizer.max_gradient_norm);
  recipe.number("--epochs", "N", "Times through the data; parts are allowed.", NumberRange::above_up_to(0, 1e6),
                options.num_epochs);
  recipe.integer("--max-steps", "Steps in all, whatever the epochs; 0 for those of the epochs.", 0, options.max_steps);
  recipe.integer("--accumulate", "Packs of a step.", 1, options.batches.accumulation);
  recipe.integer("--seed", "Of the order, the masks, first weights and dropout.", 0, options.batches.seed);
}

void add_lora_flags(CLI::App& app, TrainFlags& flags) {
  constexpr std::int64_t kMaxRank = 4096;
  Recipe recipe(app, "LoRA");
  recipe.group().add(
      {.names = "--lora-rank",
       .value = "N",
       .text = "Train an adapter of this rank beside frozen weights, for less memory: 16 is usual, with a "
               "--learning-rate near 2e-4. wedlm merge makes a checkpoint of it.",
       .default_text = "all weights are trained"},
      [&flags](std::string_view given) { flags.lora_rank = parse_signed(given, 1, kMaxRank); });
  recipe.number("--lora-alpha", "A", "Its part is scaled by this / rank.", NumberRange::above(0), flags.lora.alpha);
  recipe.number("--lora-dropout", "P", "Of what enters it, in training.", NumberRange::from_to(0, 0.99),
                flags.lora.dropout);
  recipe.group().add({.names = "--lora-targets",
                      .value = "NAMES",
                      .text = "The layers that it changes, with commas between them.",
                      .default_text = joined(flags.lora.targets, ",")},
                     [&flags](std::string_view given) { flags.lora.targets = parse_lora_targets(given); });
  recipe.choice("--lora-on",
                "In which rows it counts: in those of masks alone, the next-token function stays as it is, to the bit; "
                "such an adapter cannot be merged.",
                kLoraRows, flags.lora.rows);
  recipe.choice("--base-weights",
                "How the frozen weights are kept, for less memory: rounded as they are loaded, or as a quantized "
                "checkpoint has them.",
                kBaseWeights, flags.base_weights);
}

void add_run_flags(CLI::App& app, TrainFlags& flags) {
  train::TrainOptions& options = flags.options;
  Recipe run(app, "Running");
  run.group().flag({.names = "--resume", .text = "Go on from the newest checkpoint in the output folder."},
                   options.resume);
  run.group().flag({.names = "--dry-run",
                    .text = "Train nothing: show one sample with its blocks and masks, and what a run would take."},
                   flags.is_dry_run);
  run.integer("--save-every", "Steps between checkpoints.", 1, options.save_every);
  run.integer("--save-total-limit", "Checkpoints that are kept, the newest; the best one is kept besides.", 1,
              options.save_total_limit);
  run.choice("--precision", "Of products; masters and sums are float32.", kPrecisions, options.model.compute);
  run.group().flag({.names = "--gradient-checkpointing",
                    .text = "Keep less and compute each layer twice: for models that do not fit."},
                   options.model.has_gradient_checkpoints);
}

}  // namespace

void add_train_flags(CLI::App& app, TrainFlags& flags) {
  OptionGroup folders(app, "Folders");
  folders.path(
      {.names = "-m,--model",
       .value = "MODEL",
       .text = "The checkpoint to begin with, WeDLM's or Qwen's: a folder, or organisation/name in the cache."},
      flags.model);
  folders.path(
      {.names = "--shape",
       .value = "FILE",
       .text = "Begin with nothing instead: a config.json of the shape, with model_type (qwen2 or qwen3), "
               "hidden_size, intermediate_size, num_hidden_layers, num_attention_heads, num_key_value_heads, "
               "max_position_embeddings, rms_norm_eps, rope_theta and what else such a file says. Weights are drawn by "
               "--seed; a --learning-rate near 1e-3 is usual for small models."},
      flags.shape);
  folders.path({.names = "--tokenizer",
                .value = "FOLDER",
                .text = "The tokenizer of a --shape: a folder that has one, such as any checkpoint's, or "
                        "organisation/name in the cache."},
               flags.tokenizer);
  folders.path({.names = "-o,--out", .value = "FOLDER", .text = "Where checkpoints, metrics and the result go."},
               flags.output);
  add_data_flags(app, flags);
  add_mask_flags(app, flags);
  add_optimizer_flags(app, flags);
  add_lora_flags(app, flags);
  add_run_flags(app, flags);
  add_watch_flags(app, flags);
}

std::optional<LoraConfig> chosen_lora(const TrainFlags& flags, const std::string& base) {
  if (!flags.lora_rank) {
    if (flags.lora == LoraConfig() && flags.base_weights == WeightType::kStored) return std::nullopt;
    throw InvalidInput(
        "--lora-alpha, --lora-dropout, --lora-targets, --lora-on and --base-weights say how an adapter is trained: "
        "give its --lora-rank too");
  }
  LoraConfig lora = flags.lora;
  lora.rank = *flags.lora_rank;
  std::error_code ignored;
  const std::size_t at = base.rfind('@');
  if (std::filesystem::is_directory(base, ignored)) {
    lora.base = std::filesystem::absolute(base).lexically_normal().string();
  } else {
    lora.base = base.substr(0, at);
    if (at != std::string::npos) lora.revision = base.substr(at + 1);
  }
  return lora;
}

}  // namespace wedlm::cli
