// `wedlm export`: a checkpoint in the form that other engines load.
#include <chrono>
#include <limits>
#include <memory>

#include "cli/commands/commands.h"
#include "cli/options/model_folder.h"
#include "cli/options/option_group.h"
#include "cli/options/output_options.h"
#include "cli/options/shape_option.h"
#include "cli/options/subcommand.h"
#include "cli/terminal/console.h"
#include "cli/terminal/interrupts.h"
#include "wedlm/base/error.h"
#include "wedlm/base/number_text.h"
#include "wedlm/base/watcher.h"
#include "wedlm/gguf/export_gguf.h"

namespace wedlm::cli {
namespace {

struct ExportFlags {
  ModelFolder model;
  std::optional<std::string> gguf;
  GgufType type = GgufOptions().type;
  std::optional<std::string> inflate;
  bool force = false;
  OutputOptions output;
};

int run_export(const ExportFlags& flags) {
  const Console console(flags.output);
  if (!flags.gguf) throw InvalidInput("name the file to write: wedlm export --gguf OUT");
  const std::filesystem::path folder = flags.model.folder(), out = *flags.gguf;
  GgufOptions options{.type = flags.type, .existing = flags.force ? Existing::kReplace : Existing::kRefuse};
  if (flags.inflate) options.inflate = shape_of("--inflate", *flags.inflate);
  const auto start = std::chrono::steady_clock::now();
  try {
    const InterruptGuard interrupts(std::numeric_limits<int>::max());
    ProgressBar bar(console, "Exporting " + folder.filename().string());
    options.progress = [&](std::size_t done, std::size_t total) {
      if (interrupts.is_interrupted()) throw Interrupted();
      bar.update(done, total);
    };
    export_gguf(Checkpoint::open(folder), out, options);
  } catch (const Interrupted&) {
    console.note("Interrupted; nothing was written");
    return kExitInterrupted;
  }
  note_adapter(folder, console);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  console.note("Wrote " + out.string() + ", " + size_text(static_cast<double>(std::filesystem::file_size(out))) +
               ", in " + fixed(seconds.count(), 1) + " s");
  return 0;
}

}  // namespace

Command add_export(CLI::App& program) {
  CLI::App* app = add_subcommand(
      program, "export",
      "Write a checkpoint for other engines.\nOne GGUF file, with tokenizer and chat template, which llama.cpp and its "
      "kin load: the same weights, or with --inflate the same function at a larger size, to be timed there. Such an "
      "engine decodes it autoregressively.");
  const auto flags = std::make_shared<ExportFlags>();
  add_model_option(*app, flags->model);
  OptionGroup model(*app, "Model");
  model.path({.names = "--inflate",
              .value = "SHAPE",
              .text = "The same function inside this larger shape: " + shape_choices() + "."},
             flags->inflate);
  OptionGroup file(*app, "File");
  file.path({.names = "--gguf", .value = "OUT", .text = "The file to write."}, flags->gguf);
  file.add({.names = "--type",
            .value = joined(gguf_type_names(), "|"),
            .text = "The numbers of the matrices. With q4_0 embeddings and head are q8_0; norms are float32.",
            .default_text = std::string(gguf_type_names().front())},
           [flags = flags.get()](std::string_view name) { flags->type = parse_gguf_type(name); });
  file.flag({.names = "--force", .text = "Replace OUT where it is a GGUF file."}, flags->force);
  add_output_options(*app, flags->output);
  set_footer(*app,
             "Examples:\n"
             "  wedlm export --gguf nano.gguf --type q8_0\n"
             "  wedlm export --gguf nano-0.6b.gguf --inflate qwen3-0.6b\n"
             "  llama-server -m nano-0.6b.gguf");
  return {.app = app, .run = [flags] { return run_export(*flags); }};
}

}  // namespace wedlm::cli
