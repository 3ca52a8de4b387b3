// `wedlm merge`: a LoRA adapter into its base.
#include "wedlm/train/merge.h"

#include <chrono>
#include <limits>
#include <memory>

#include "cli/commands/commands.h"
#include "cli/options/option_group.h"
#include "cli/options/output_options.h"
#include "cli/options/subcommand.h"
#include "cli/terminal/console_watcher.h"
#include "wedlm/base/error.h"
#include "wedlm/base/number_text.h"
#include "wedlm/checkpoint/model_path.h"

namespace wedlm::cli {
namespace {

struct MergeFlags {
  std::optional<std::string> adapter;
  std::optional<std::string> base;
  std::optional<std::string> out;
  bool force = false;
  OutputOptions output;
};

/// The base: the one that was given, or the one that the adapter names.
std::string base_of(const MergeFlags& flags, const LoraAdapter& adapter) {
  if (flags.base) return *flags.base;
  const StoredLoraConfig& config = adapter.config();
  if (config.base.empty()) throw InvalidInput("the adapter names no base; give the checkpoint that it changes with -m");
  return config.base + (config.revision.empty() ? "" : "@" + config.revision);
}

int run_merge(const MergeFlags& flags) {
  const Console console(flags.output);
  if (!flags.adapter) throw InvalidInput("name an adapter's folder: wedlm merge ADAPTER -m BASE -o OUT");
  if (!flags.out) throw InvalidInput("name the folder to write: -o OUT");
  const auto start = std::chrono::steady_clock::now();
  const LoraAdapter adapter = LoraAdapter::open(resolve_model(*flags.adapter));
  const Checkpoint base = Checkpoint::open(resolve_model(base_of(flags, adapter)));
  std::size_t num_changed = 0;
  try {
    const InterruptGuard interrupts(std::numeric_limits<int>::max());
    ConsoleWatcher watcher(console, interrupts);
    num_changed =
        train::merge_adapter(base, adapter, *flags.out,
                             {.existing = flags.force ? Existing::kReplace : Existing::kRefuse}, watcher.watcher());
  } catch (const Interrupted&) {
    console.note("Interrupted; nothing was written");
    return kExitInterrupted;
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  console.note("Wrote " + *flags.out + " in " + fixed(seconds.count(), 1) + " s");
  console.print(std::to_string(num_changed) + " weights of " + base.folder().string() + " changed\n");
  return 0;
}

}  // namespace

Command add_merge(CLI::App& program) {
  CLI::App* app = add_subcommand(
      program, "merge",
      "Merge a LoRA adapter into its base.\nWrites a checkpoint in Hugging Face's layout, which every command takes: "
      "each weight that the adapter changes becomes W + scale B A, in the type that it has. It takes adapters of wedlm "
      "train and of Hugging Face's PEFT; those that are more than LoRA's two matrices are refused.");
  const auto flags = std::make_shared<MergeFlags>();
  OptionGroup folders(*app, "Folders");
  folders.path({.names = "ADAPTER",
                .value = "ADAPTER",
                .text = "A folder with adapter_config.json and adapter_model.safetensors, or organisation/name in the "
                        "cache."},
               flags->adapter);
  folders.path({.names = "-m,--model",
                .value = "MODEL",
                .text = "The checkpoint that it was trained on: a folder, or organisation/name in the cache.",
                .default_text = "the one that the adapter names"},
               flags->base);
  folders.path({.names = "-o,--out", .value = "FOLDER", .text = "The folder to write."}, flags->out);
  folders.flag({.names = "--force", .text = "Replace it where it is a checkpoint that wedlm merged."}, flags->force);
  add_output_options(*app, flags->output);
  set_footer(*app,
             "Examples:\n"
             "  wedlm merge my-adapter/final -m Qwen/Qwen3-0.6B-Base -o my-model\n"
             "  wedlm generate -m my-model -p \"Count from 1 to 20.\"");
  return {.app = app, .run = [flags] { return run_merge(*flags); }};
}

}  // namespace wedlm::cli
