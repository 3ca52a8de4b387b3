// `wedlm quantize`: a checkpoint into a smaller one on disk.
#include "wedlm/quant/quantize.h"

#include <chrono>
#include <limits>
#include <memory>

#include "cli/commands/commands.h"
#include "cli/options/option_group.h"
#include "cli/options/output_options.h"
#include "cli/options/session.h"
#include "cli/options/subcommand.h"
#include "cli/options/weight_flags.h"
#include "cli/terminal/interrupts.h"
#include "wedlm/backend/make_backend.h"
#include "wedlm/base/error.h"
#include "wedlm/base/mapped_file.h"
#include "wedlm/base/named.h"
#include "wedlm/base/number_text.h"
#include "wedlm/base/watcher.h"
#include "wedlm/checkpoint/model_path.h"
#include "wedlm/eval/fidelity_report.h"

namespace wedlm::cli {
namespace {

struct QuantizeFlags {
  std::optional<std::string> in;
  std::optional<std::string> out;
  WeightFlags weights;
  std::optional<std::string> lanes;
  std::optional<std::string> text;
  bool force = false;
  OutputOptions output;
};

std::int64_t bytes_of_weights(const std::filesystem::path& folder) {
  return Checkpoint::open(folder).total_bytes();
}

/// What it costs: both are loaded, one beside the other.
void report_fidelity(const std::filesystem::path& in, const std::filesystem::path& out, const std::string& path,
                     const Console& console) {
  ModelOptions stored, quantized;
  stored.model = in.string();
  quantized.model = out.string();
  const auto truth = load_model(stored, console);
  const auto tested = load_model(quantized, console);
  console.print(fidelity_text(*truth, *tested, path) + "\n");
}

int run_quantize(const QuantizeFlags& flags) {
  const Console console(flags.output);
  if (!flags.in || !flags.out) throw InvalidInput("name a checkpoint and the folder to write: wedlm quantize IN OUT");
  if (!flags.weights.weights) {
    throw InvalidInput("--weights: give " + joined(names_of(packed_weight_types()), " or ") +
                       "; fewer bits are smaller and faster, more are truer");
  }
  const ModelFormats formats = flags.weights.formats();
  const std::filesystem::path in = resolve_model(*flags.in), out = *flags.out;
  if (flags.text) MappedFile{*flags.text};  // before the work, not after it
  const int lanes = flags.lanes ? static_cast<int>(parse_signed(*flags.lanes, 0, 64)) : native_panel_lanes();
  const auto start = std::chrono::steady_clock::now();
  try {
    const InterruptGuard interrupts(std::numeric_limits<int>::max());
    ProgressBar bar(console, "Quantizing " + in.filename().string());
    quantize_checkpoint(Checkpoint::open(in), out,
                        {.quantization = {.formats = formats, .lanes = lanes},
                         .existing = flags.force ? Existing::kReplace : Existing::kRefuse,
                         .progress = [&](std::size_t done, std::size_t total) {
                           if (interrupts.is_interrupted()) throw Interrupted();
                           bar.update(done, total);
                         }});
  } catch (const Interrupted&) {
    console.note("Interrupted; nothing was written");
    return kExitInterrupted;
  }
  note_adapter(in, console);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  const auto before = static_cast<double>(bytes_of_weights(in)), after = static_cast<double>(bytes_of_weights(out));
  console.note("Wrote " + out.string() + " in " + fixed(seconds.count(), 1) + " s");
  console.print("weights " + size_text(before) + " before, " + size_text(after) + " after (" +
                fixed(100 * after / before, 0) + " %): " + describe(formats) + ", for " + std::to_string(lanes) +
                " lanes\n");
  if (flags.text) report_fidelity(in, out, *flags.text, console);
  return 0;
}

}  // namespace

Command add_quantize(CLI::App& program) {
  CLI::App* app = add_subcommand(
      program, "quantize",
      "Write a smaller checkpoint.\nRounds the matrices and stores them as this machine multiplies with them: the new "
      "folder loads in no time, because nothing is converted, and answers exactly as the old one does with the same "
      "--weights. Every command takes it like any other model, on other machines too; there loading rearranges it "
      "once.");
  const auto flags = std::make_shared<QuantizeFlags>();
  OptionGroup folders(*app, "Folders");
  folders.path({.names = "IN", .value = "IN", .text = "The checkpoint: a folder, or organisation/name in the cache."},
               flags->in);
  folders.path({.names = "OUT", .value = "OUT", .text = "The folder to write."}, flags->out);
  folders.flag({.names = "--force", .text = "Replace OUT where it is a checkpoint that wedlm quantized."},
               flags->force);
  OptionGroup format(*app, "Format");
  add_weight_type_option(format,
                         {.names = "--weights",
                          .text = "The format of the layers; has to be given. int8 halves a bfloat16 checkpoint and is "
                                  "hardly to be told from it; int4 quarters it."},
                         packed_weight_types(), flags->weights.weights);
  add_group_and_head_options(*app, format, flags->weights);
  OptionGroup(*app, kHidden)
      .add({.names = "--bits", .text = "An older name of --weights."}, [flags = flags.get()](std::string_view bits) {
        flags->weights.weights = parse_named("", bits, kWeightTypesByBits);
      });
  format.choice({.names = "--lanes",
                 .value = "8|16|32",
                 .text = "For which machines the layout is: 8 for any and for NEON, 16 for AVX2, 32 for AVX-512, AMX.",
                 .default_text = "this machine's"},
                flags->lanes);
  OptionGroup(*app, "Comparison")
      .path({.names = "--text",
             .value = "FILE",
             .text = "Say at the end what the rounding costs over this text, as verify --text does: how often the "
                     "most likely next token stays, the KL divergence, and the perplexity of both."},
            flags->text);
  add_output_options(*app, flags->output);
  set_footer(*app,
             "Examples:\n"
             "  wedlm quantize tencent/WeDLM-8B-Instruct wedlm-8b-int4 --weights int4 --text essay.txt\n"
             "  wedlm generate -m wedlm-8b-int4 -p \"Count from 1 to 20.\"");
  return {.app = app, .run = [flags] { return run_quantize(*flags); }};
}

}  // namespace wedlm::cli
