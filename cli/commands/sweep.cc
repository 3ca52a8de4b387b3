// `wedlm sweep`: modes and settings over a file of prompts, compared in speed, in agreement with autoregressive
// decoding and, where answers are known, in accuracy.
#include "wedlm/eval/sweep.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>

#include "cli/commands/commands.h"
#include "cli/options/engine_flags.h"
#include "cli/options/output_options.h"
#include "cli/options/prompts.h"
#include "cli/options/sampling_options.h"
#include "cli/options/session.h"
#include "cli/options/subcommand.h"
#include "cli/terminal/console_watcher.h"
#include "wedlm/base/error.h"
#include "wedlm/base/number_text.h"
#include "wedlm/eval/report_plots.h"
#include "wedlm/eval/sweep_settings.h"
#include "wedlm/frontend/prompt_encoder.h"

namespace wedlm::cli {
namespace {

struct SweepOptions {
  ModelOptions model;
  EngineFlags engine;
  SamplingSettings sampling{kGenerateMaxTokens};
  PromptOptions prompts;
  OutputOptions output;
  std::vector<std::string> settings;
  std::optional<std::int32_t> num_runs = 1;
  std::optional<std::int32_t> batch_size = 1;
  std::optional<std::int32_t> limit;
  std::optional<std::string> plot_folder;
};

void create_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw ResourceError("--plot: cannot make the folder " + folder.string() + ": " + error.message());
}

void write_file(const std::filesystem::path& path, const std::string& text, const Console& console) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) throw ResourceError("cannot write " + path.string() + ": " + std::strerror(errno));
  console.note("Wrote " + path.string());
}

std::vector<PromptLine> prompts_of(const SweepOptions& options) {
  if (!options.prompts.file) {
    throw InvalidInput(
        "no prompts: name a file, such as `wedlm sweep exercises.jsonl` with {\"prompt\": ..., \"answer\": ...} a "
        "line, or a text file with a prompt a line");
  }
  std::vector<PromptLine> prompts = read_prompt_lines(options.prompts);
  if (options.limit) prompts.resize(std::min(prompts.size(), static_cast<std::size_t>(*options.limit)));
  return prompts;
}

std::vector<std::optional<KnownAnswer>> known_answers(const std::vector<PromptLine>& prompts) {
  std::vector<std::optional<KnownAnswer>> known;
  known.reserve(prompts.size());
  for (const PromptLine& line : prompts) known.push_back(known_answer(line.object, line.prompt.source));
  return known;
}

/// What the figures are of: "400 prompts one after the other, median of 3 runs".
std::string conditions(const SweepOutcome& outcome, const SweepOptions& options) {
  const auto counted = [](std::size_t count, const std::string& noun) {
    return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
  };
  const std::string order =
      *options.batch_size == 1 ? " one after the other" : ", " + std::to_string(*options.batch_size) + " at once";
  return counted(outcome.num_prompts, "prompt") + order + ", " + (outcome.num_runs > 1 ? "median of " : "") +
         counted(outcome.num_runs, "run");
}

Json report_object(const SweepOutcome& outcome, const std::vector<ReportRow>& rows, const SweepOptions& options,
                   LoadedModel& model) {
  const SamplingParams params = options.sampling.params(model.generation_defaults());
  return Json::object({{"model", model.folder().string()},
                       {"inflated_to", inflated_to_json(model)},
                       {"backend", model.backend().description()},
                       {"file", *options.prompts.file},
                       {"prompts", static_cast<std::int64_t>(outcome.num_prompts)},
                       {"runs", static_cast<std::int64_t>(outcome.num_runs)},
                       {"batch", *options.batch_size},
                       {"max_tokens", params.max_tokens},
                       {"temperature", static_cast<double>(params.temperature)},
                       {"seed", params.seed.value()},
                       {"settings", report_json(rows)}});
}

void write_plots(const std::vector<ReportRow>& rows, const std::string& caption, const SweepOptions& options,
                 const Console& console) {
  const std::filesystem::path folder = *options.plot_folder;
  write_file(folder / "agreement.svg", agreement_plot(rows, caption), console);
  if (rows.front().right.num_all > 0) {
    write_file(folder / "accuracy.svg", accuracy_plot(rows, caption), console);
  } else {
    console.note("No accuracy.svg: no answer is known");
  }
}

void show(const SweepOutcome& outcome, const std::vector<ReportRow>& rows, const SweepOptions& options,
          LoadedModel& model, const Console& console) {
  const std::string what = conditions(outcome, options);
  if (options.output.json) {
    console.print(write_json(report_object(outcome, rows, options, model)) + "\n");
  } else {
    console.print(report_table(rows) + "\n" + what + ".\n");
  }
  if (!options.plot_folder) return;
  const std::string inside = model.inflated_to() ? " inside " + *model.inflated_to() : "";
  const std::string caption = model.folder().filename().string() + inside + ", " + what +
                              "; autoregressive: " + fixed(rows.front().tokens_per_second, 0) + " tokens/s";
  write_plots(rows, caption, options, console);
}

int run_sweep_command(SweepOptions options) {
  const Console console(options.output);
  check_at_least("--runs", 1, options.num_runs);
  check_at_least("--batch", 1, options.batch_size);
  check_at_least("--limit", 1, options.limit);
  if (!options.sampling.params({}).seed) options.sampling.give(*find_json_option("seed"), 0);
  const std::vector<NamedSettings> settings = sweep_settings(options.settings, options.sampling);
  SweepPlan plan{
      .engine = options.engine.engine_options(), .num_runs = *options.num_runs, .batch_size = *options.batch_size};
  const std::vector<PromptLine> prompts = prompts_of(options);
  std::vector<std::optional<KnownAnswer>> known = known_answers(prompts);
  if (options.plot_folder) create_folder(*options.plot_folder);

  const std::unique_ptr<LoadedModel> model = load_model(options.model, console);
  for (const NamedSettings& setting : settings) {
    plan.settings.push_back({setting.name, setting.settings.params(model->generation_defaults())});
  }
  note_mode(options.sampling, *model, console);
  const PromptEncoder encoder(*model);
  for (const PromptLine& line : prompts) plan.prompts.push_back({line.prompt.source, encoder.encode(line.prompt)});
  const InterruptGuard interrupts(2);
  ConsoleWatcher watcher(console, interrupts);
  const SweepOutcome outcome = run_sweep(plan, *model, watcher.watcher());
  if (outcome.num_prompts > 0) {
    known.resize(outcome.num_prompts);
    show(outcome, report_rows(outcome.settings, known), options, *model, console);
  }
  if (outcome.is_interrupted) {
    console.note("Ended by Ctrl-C after " + std::to_string(outcome.num_prompts) + " of " +
                 std::to_string(prompts.size()) + " prompts");
    return kExitInterrupted;
  }
  return 0;
}

void add_sweep_options(CLI::App& app, SweepOptions& options) {
  OptionGroup group(app, "Sweep");
  group.path({.names = "FILE",
              .value = "FILE",
              .text = "The prompts: a .jsonl file, {\"prompt\": ...} or {\"messages\": [...]} a line and \"answer\" "
                      "where it is known, or a text file with a prompt a line."},
             options.prompts.file);
  group.texts({.names = "-s,--setting",
               .value = "SETTING",
               .text = "A mode and, after it, decoding options of `wedlm generate` without their dashes. May be "
                       "repeated.",
               .default_text = "every mode, and streaming with four thresholds"},
              options.settings);
  group.integer({.names = "--runs",
                 .value = "N",
                 .text = "Runs of which the median counts; settings take turns at each prompt.",
                 .default_text = "1"},
                options.num_runs);
  group.integer({.names = "--limit", .value = "N", .text = "Only the first N prompts."}, options.limit);
  group.integer({.names = "--batch", .value = "N", .text = "Prompts that run at once.", .default_text = "1"},
                options.batch_size);
  group.path({.names = "--plot",
              .value = "FOLDER",
              .text = "Write agreement.svg and, where answers are known, accuracy.svg there."},
             options.plot_folder);
  OptionGroup prompt(app, "Prompt");
  prompt.text({.names = "--system", .value = "TEXT", .text = "The system message."}, options.prompts.system);
  prompt.flag({.names = "--raw", .text = "Give prompts to the model as they are, without the chat template."},
              options.prompts.raw);
}

}  // namespace

Command add_sweep(CLI::App& program) {
  CLI::App* app = add_subcommand(
      program, "sweep",
      "Compare decoding modes and settings over a file of prompts.\nAutoregressive decoding is always run too: speed, "
      "forwards and texts are compared with its own. All settings have the same seed; the prefix cache is off.");
  const auto options = std::make_shared<SweepOptions>();
  add_sweep_options(*app, *options);
  add_sampling_options(*app, options->sampling);
  add_model_options(*app, options->model);
  add_engine_options(*app, options->engine);
  OptionGroup(*app, "Output").flag({.names = "--json", .text = "Print one JSON object."}, options->output.json);
  add_output_options(*app, options->output);
  set_footer(*app,
             "Ctrl-C ends the sweep; what every setting has finished is still shown.\n"
             "\n"
             "Examples:\n"
             "  wedlm sweep tests/data/exercises/exercises.jsonl -t 0 -n 96 --plot plots\n"
             "  wedlm sweep prompts.txt -s \"streaming entropy-threshold=0.2\" -s \"streaming preset=fast\" -s exact\n"
             "  wedlm sweep prompts.jsonl -s \"gated agreement=0.95\" -s \"exact window-size=16\" --runs 3 --json");
  return {.app = app, .run = [options] { return run_sweep_command(*options); }};
}

}  // namespace wedlm::cli
