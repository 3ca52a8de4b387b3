// `wedlm train`: a model that is trained from a checkpoint or from nothing, with the recipe of WeDLM.
#include <algorithm>
#include <limits>
#include <memory>

#include "cli/commands/commands.h"
#include "cli/commands/train_answers.h"
#include "cli/commands/train_exercises.h"
#include "cli/commands/train_start.h"
#include "cli/commands/train_view.h"
#include "cli/commands/trainer.h"
#include "cli/options/option_group.h"
#include "cli/options/output_options.h"
#include "cli/options/subcommand.h"
#include "cli/options/thread_flags.h"
#include "cli/options/train_flags.h"
#include "cli/terminal/console_watcher.h"
#include "wedlm/base/error.h"
#include "wedlm/base/number_text.h"
#include "wedlm/base/thread_team.h"
#include "wedlm/train/data/token_cache.h"
#include "wedlm/train/example_text.h"
#include "wedlm/train/lora_modules.h"
#include "wedlm/train/merge.h"
#include "wedlm/train/packs_at_once.h"
#include "wedlm/train/run_folder.h"

namespace wedlm::cli {
namespace {

namespace fs = std::filesystem;
using train::RunData;
using train::SampleSet;

struct TrainCommand {
  Trainer trainer;
  TrainFlags flags;
  ThreadFlags threads;
  OutputOptions output;
  std::optional<TrainExercises> exercises;  // that checkpoints answer
};

/// What the data came to.
std::string data_line(const SampleSet& samples, const train::ReadingReport& report) {
  std::string line = std::to_string(samples.size()) + " samples with " +
                     count_text(static_cast<double>(samples.num_tokens())) + " tokens";
  if (report.num_without_loss > 0) {
    line += "; " + std::to_string(report.num_without_loss) + " with nothing to learn were left out";
  }
  if (report.num_bad_lines > 0) line += "; " + bad_lines_text(report);
  return line;
}

/// Of this process: where nobody says, its share of the processors, if it is one of several on a machine.
std::int32_t num_threads(const TrainCommand& command) {
  const std::int32_t given = command.threads.cpu_options().num_threads;
  return given > 0 ? given : std::max(1, num_processors() / command.flags.options.world.local_size);
}

int show_dry_run(const TrainCommand& command, const Tokenizer& tokenizer, const ModelConfig& config,
                 const train::DataSet& data, const Console& console) {
  const TrainFlags& flags = command.flags;
  const SampleSet& samples = data.samples;
  const train::BatchOptions& batches = flags.options.batches;
  train::Draws draws(batches.seed, train::Draws::Purpose::kMasks, 0);
  const auto blocks = train::without_idle(train::draw_masks(samples[0], batches.masks, draws));
  console.print("The first sample, with the masks of one draw:\n" + train::example_text(tokenizer, samples[0], blocks));
  train::Batches all(samples, data.files, batches);
  const auto first = all.of_step(0);
  std::int64_t rows = 0, tokens = 0;
  for (const train::DualStream& pack : first) {
    rows += pack.num_rows();
    tokens += pack.num_tokens;
  }
  const auto steps = flags.options.max_steps > 0 ? flags.options.max_steps : all.steps_of_all(flags.options.num_epochs);
  const auto& lora = flags.options.model.lora;
  const auto parameters = static_cast<double>(config.num_parameters());
  // Of frozen weights only the gradients of rows are computed.
  const double learned = lora ? static_cast<double>(train::num_parameters(config, *lora)) : parameters;
  const double frozen = lora ? parameters : 0;
  const ModelFormats formats = formats_to_load(config.quantization, flags.options.model.base);
  const DType computing = flags.options.model.compute == train::ComputeType::kBfloat16 ? DType::kBF16 : DType::kF32;
  // Each pack after the first of those that are computed side by side has gradients of its own.
  const int at_once = lora ? 1
                           : std::min(train::packs_at_once(config.num_parameters(), num_threads(command)),
                                      static_cast<int>(first.size()));
  const double frozen_bytes = lora ? static_cast<double>(train::frozen_bytes(config, formats, computing)) : 0;
  console.print("\n" + std::to_string(steps) + " steps; the first has " + std::to_string(first.size()) +
                " packs with " + std::to_string(tokens) + " tokens as " + std::to_string(rows) + " rows\n" +
                "weights, gradients and AdamW's state of " + count_text(learned) + " parameters take " +
                size_text((16 + 4 * (at_once - 1)) * learned + frozen_bytes) + "; a step computes " +
                count_text((6 * learned + 4 * frozen) * static_cast<double>(rows)) +
                " multiplications and additions\n");
  return 0;
}

/// The exercises by what a run has saved; an adapter is merged into a folder that goes again.
std::optional<train::ExerciseScores> answered(const TrainCommand& command, const TrainStart& start,
                                              const fs::path& folder, const Watcher& watcher) {
  if (!command.flags.options.model.lora) return command.exercises->answer(folder, watcher);
  const fs::path merged = command.flags.options.output / "merged";
  try {
    train::merge_adapter(*start.checkpoint, LoraAdapter::open(folder), merged,
                         {.existing = Existing::kReplace, .num_threads = command.threads.cpu_options().num_threads},
                         {.is_interrupted = watcher.is_interrupted});
  } catch (const Interrupted&) {
    return std::nullopt;
  }
  auto scores = command.exercises->answer(merged, watcher);
  train::RunFolder::remove(merged);
  return scores;
}

int run_training(TrainCommand& command, const TrainStart& start, const RunData& data, const Console& console,
                 const Watcher& watcher) {
  TrainFlags& flags = command.flags;
  const ModelConfig& config = start.point.config;
  flags.options.output = *flags.output;
  flags.options.save_type = config.torch_dtype == DType::kF32 ? DType::kF32 : DType::kBF16;
  flags.options.model.num_threads = num_threads(command);
  flags.options.batches.mask_token_id = config.mask_token_id;
  TrainView view(watcher);
  train::RunHooks hooks = view.hooks();
  if (command.exercises) {
    hooks.answer_exercises = [&](const fs::path& folder) { return answered(command, start, folder, watcher); };
  }
  const train::TrainResult result = command.trainer.train(start.point, data, flags.options, watcher, hooks);
  if (!result.is_finished) {
    console.note("Interrupted after step " + std::to_string(result.num_steps) + "; saved " +
                 result.checkpoint.string() + ", and --resume goes on");
    return kExitInterrupted;
  }
  if (result.best) console.note("The lowest held-out loss has " + result.best->string());
  if (flags.options.model.lora) {
    console.note(flags.options.model.lora->rows == LoraRows::kAll
                     ? "An adapter: wedlm merge makes a checkpoint of it and its base"
                     : "An adapter for rows of masks, which cannot be merged");
  }
  if (flags.options.world.is_first()) console.print(result.checkpoint.string() + "\n");
  return 0;
}

/// What the data is read by.
struct DataReader {
  const fs::path& model;
  const Tokenizer& tokenizer;
  const train::SampleMaker& maker;
  const Watcher& watcher;
};

/// The samples of files, with a line about them.
train::DataSet read_files(const std::vector<train::TrainingFile>& files, const std::optional<std::string>& cache,
                          const TrainFlags& flags, const DataReader& reader, const std::string& title) {
  train::ReadingReport report;
  const auto make = [&](train::ReadingReport& made) {
    return read_samples(files, reader.maker, flags.bad_lines, reader.watcher, made);
  };
  const auto samples = [&] {
    if (!cache) return make(report);
    const Json origin = train::sample_origin(reader.model, files, flags.samples, flags.bad_lines);
    return train::TokenCache(
               *cache, origin, files.size(), reader.tokenizer.vocab_size(),
               flags.options.world.is_first() ? train::CacheAccess::kReadWrite : train::CacheAccess::kRead)
        .samples(make, reader.watcher.note, report);
  };
  train::DataSet data{.samples = samples(), .files = files};
  reader.watcher.note(title + data_line(data.samples, report));
  return data;
}

RunData read_data(const TrainFlags& flags, const DataReader& reader) {
  RunData data{.training = read_files(flags.files, flags.token_cache, flags, reader, "")};
  if (!flags.eval_files.empty()) {
    data.held_out = read_files(flags.eval_files, std::nullopt, flags, reader, "held out: ");
  }
  if (flags.eval_share) {
    data = train::hold_out(data.training, *flags.eval_share, flags.options.batches.seed);
    reader.watcher.note("held out of them: " + data_line(data.held_out->samples, {}));
  }
  return data;
}

/// The data's files with the model's own answers; of a dry run as they are.
std::vector<train::TrainingFile> own_answers(const TrainCommand& command, const fs::path& model,
                                             const train::SampleMaker& maker, const Watcher& watcher) {
  const TrainFlags& flags = command.flags;
  if (flags.is_dry_run) {
    watcher.note("--self-generate: a run has the model answer the questions first; here are the data's answers");
    return flags.files;
  }
  return self_answered_files(flags.files, maker,
                             {.model = model,
                              .folder = *flags.own_answers,
                              .max_tokens = flags.own_answer_tokens,
                              .bad_lines = flags.bad_lines,
                              .cpu = command.threads.cpu_options(),
                              .is_alone = flags.options.world.size == 1},
                             watcher);
}

int read_and_train(TrainCommand& command, const Console& console, const Watcher& watcher) {
  TrainFlags& flags = command.flags;
  const TrainStart start = open_start(flags, command.threads.cpu_options().num_threads);
  const ModelConfig& config = start.point.config;
  const fs::path& folder = start.point.companions;
  flags.options.model.lora = chosen_lora(flags, flags.model.value_or(folder.string()));
  if (flags.base_weights != WeightType::kStored) flags.options.model.base = formats_with(flags.base_weights);
  flags.options.batches.max_tokens = static_cast<std::size_t>(flags.samples.max_length);
  if (flags.samples.max_length > config.max_length()) {
    throw InvalidInput("--max-length: expected at most the " + std::to_string(config.max_length()) +
                       " positions of the model, got " + std::to_string(flags.samples.max_length));
  }
  const auto& lora = flags.options.model.lora;
  if (flags.exercises && lora && (lora->rows != LoraRows::kAll || config.quantization)) {
    throw InvalidInput(std::string("--exercises: an adapter ") +
                       (config.quantization ? "of a quantized checkpoint" : "for rows of masks") +
                       " cannot be merged, and answers nothing; leave it out");
  }
  if (flags.exercises) {
    command.exercises.emplace(ExerciseOptions{.file = *flags.exercises,
                                              .limit = flags.exercise_limit,
                                              .max_tokens = flags.exercise_tokens,
                                              .cpu = command.threads.cpu_options()});
  }
  const train::SampleMaker maker(start.tokenizer, start.chat_template ? &*start.chat_template : nullptr, flags.samples);
  if (flags.own_answers) flags.files = own_answers(command, folder, maker, watcher);
  const RunData data =
      read_data(flags, {.model = folder, .tokenizer = start.tokenizer, .maker = maker, .watcher = watcher});
  if (flags.is_dry_run && !flags.options.world.is_first()) return 0;
  return flags.is_dry_run ? show_dry_run(command, start.tokenizer, config, data.training, console)
                          : run_training(command, start, data, console, watcher);
}

int run_train(TrainCommand& command) {
  train::World& world = command.flags.options.world;
  world = train::world_of_environment();
  if (!world.is_first()) command.output.quiet = true;
  const Console console(command.output);
  if (command.flags.files.empty()) throw InvalidInput("name training data: --data FILE.jsonl");
  if (!command.flags.output && !command.flags.is_dry_run) {
    throw InvalidInput("name a folder for checkpoints and result: -o FOLDER; or look first, with --dry-run");
  }
  if (!command.flags.eval_files.empty() && command.flags.eval_share) {
    throw InvalidInput("give --eval-data or --eval-share, not both");
  }
  if (command.trainer.train == nullptr && !command.flags.is_dry_run) become_trainer(command.trainer);
  // What starts several processes hands on the Ctrl-C that their terminal has sent them already.
  const InterruptGuard interrupts(world.size > 1 ? 3 : 2, InterruptGuard::Signals::kInterruptAndTerminate);
  ConsoleWatcher watcher(console, interrupts);
  try {
    return read_and_train(command, console, watcher.watcher());
  } catch (const Interrupted&) {
    console.note("Interrupted; nothing was written");
    return kExitInterrupted;
  } catch (const train::SaidElsewhere&) {
    return kExitResourceError;
  }
}

}  // namespace

Command add_train(CLI::App& program, const Trainer& trainer) {
  CLI::App* app = add_subcommand(
      program, "train",
      "Train a model.\nThe recipe of WeDLM: next tokens and masked ones at once, in one forward. A WeDLM checkpoint is "
      "tuned, a Qwen2.5 or Qwen3 one becomes a WeDLM model, and a --shape begins with nothing. What it writes is a "
      "checkpoint in Hugging Face's layout, which every command takes; Ctrl-C saves, and --resume goes on as if "
      "nothing had happened.");
  const auto command = std::make_shared<TrainCommand>();
  command->trainer = trainer;
  add_train_flags(*app, command->flags);
  OptionGroup machine(*app, "Machine");
  add_thread_options(machine, command->threads);
  add_output_options(*app, command->output);
  set_footer(*app,
             "Examples:\n"
             "  wedlm train -d chats.jsonl --dry-run\n"
             "  wedlm train -m Qwen/Qwen3-0.6B-Base -d chats.jsonl -d more.jsonl:0.5 -o my-model --learning-rate 1e-5\n"
             "  wedlm train --shape shape.json --tokenizer my-tokenizer -d texts.jsonl -o small --learning-rate 1e-3\n"
             "  wedlm generate -m my-model/final -p \"Count from 1 to 20.\"\n"
             "  torchrun --nproc-per-node 2 --no-python wedlm train -d chats.jsonl -o my-model");
  return {.app = app, .run = [command] { return run_train(*command); }};
}

}  // namespace wedlm::cli
