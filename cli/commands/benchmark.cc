// `wedlm benchmark`: a decoding mode against autoregressive decoding. The prefix cache is off, because every run
// repeats the same prompts.
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
#include "wedlm/eval/decode_benchmark.h"
#include "wedlm/frontend/prompt_encoder.h"

namespace wedlm::cli {
namespace {

constexpr const char* kDefaultPrompt = "Count from 1 to 200";

struct BenchmarkOptions {
  ModelOptions model;
  EngineFlags engine;
  SamplingSettings sampling{kBenchmarkMaxTokens};
  PromptOptions prompts;
  OutputOptions output;
  std::optional<std::int32_t> num_runs = 3;
  std::optional<std::int32_t> num_warmup_runs = 1;
};

int run_benchmark(BenchmarkOptions options) {
  const Console console(options.output);
  check_at_least("--runs", 1, options.num_runs);
  check_at_least("--warmup", 0, options.num_warmup_runs);
  const DecodeMode mode = options.sampling.params({}).mode;
  if (mode == DecodeMode::kAutoregressive) {
    throw InvalidInput("benchmark compares a mode with autoregressive: choose --mode streaming, exact or gated");
  }
  if (options.prompts.texts.empty() && !options.prompts.file) options.prompts.texts = {kDefaultPrompt};
  const std::vector<Prompt> prompts = read_prompts(options.prompts);
  EngineOptions engine_options = options.engine.engine_options();
  engine_options.enable_prefix_cache = false;
  Session session = open_session(options.model, engine_options, console);
  SamplingParams params = options.sampling.params(session.model->generation_defaults());
  params.mode = mode;  // also where the model has no mask token, so that the engine says what it needs
  std::vector<std::vector<TokenId>> encoded;
  encoded.reserve(prompts.size());
  const PromptEncoder encoder(*session.model);
  for (const Prompt& prompt : prompts) encoded.push_back(encoder.encode(prompt));
  DecodeBenchmark benchmark{.prompts = std::move(encoded),
                            .params = params,
                            .num_runs = *options.num_runs,
                            .num_warmup_runs = *options.num_warmup_runs};
  if (!benchmark.params.seed) benchmark.params.seed = 0;
  const InterruptGuard interrupts(2);
  ConsoleWatcher watcher(console, interrupts);
  const DecodeComparison comparison = compare_decoding(benchmark, *session.engine, watcher.watcher());
  if (comparison.is_interrupted) return kExitInterrupted;

  const std::size_t peak_bytes = peak_memory_bytes();
  if (options.output.json) {
    const Json json = Json::object({{"model", session.model->folder().string()},
                                    {"inflated_to", inflated_to_json(*session.model)},
                                    {"backend", session.model->backend().description()},
                                    {"runs", *options.num_runs},
                                    {"mode", mode_name(mode)},
                                    {std::string(mode_name(mode)), decode_run_json(comparison.parallel)},
                                    {"autoregressive", decode_run_json(comparison.autoregressive)},
                                    {"peak_memory_bytes", static_cast<std::int64_t>(peak_bytes)}});
    console.print(write_json(json) + "\n");
    return 0;
  }
  console.print(comparison_text(mode_name(mode), comparison) + "Median of " + std::to_string(*options.num_runs) +
                " runs; peak memory " + size_text(static_cast<double>(peak_bytes)) + ".\n");
  return 0;
}

}  // namespace

Command add_benchmark(CLI::App& program) {
  CLI::App* app =
      add_subcommand(program, "benchmark",
                     "Compare a decoding mode with autoregressive decoding on this machine.\nBoth run over the "
                     "same engine, without the "
                     "prefix cache, one prompt after the other; the figures are those of the median run.");
  const auto options = std::make_shared<BenchmarkOptions>();
  OptionGroup group(*app, "Benchmark");
  group.integer({.names = "--runs", .value = "N", .text = "Runs that count.", .default_text = "3"}, options->num_runs);
  group.integer({.names = "--warmup", .value = "N", .text = "Runs before those.", .default_text = "1"},
                options->num_warmup_runs);
  add_prompt_options(*app, options->prompts);
  add_sampling_options(*app, options->sampling);
  add_decoding_options(*app, options->sampling);
  add_model_options(*app, options->model);
  add_engine_options(*app, options->engine);
  OptionGroup(*app, "Output").flag({.names = "--json", .text = "Print one JSON object."}, options->output.json);
  add_output_options(*app, options->output);
  set_footer(*app, std::string("Without a prompt, \"") + kDefaultPrompt +
                       "\" is asked. tokens/s counts the prompt's time too.\n"
                       "\n"
                       "Examples:\n"
                       "  wedlm benchmark\n"
                       "  wedlm benchmark --mode exact -n 128\n"
                       "  wedlm benchmark -n 256 --preset fast --runs 5\n"
                       "  wedlm benchmark --file prompts.jsonl --threads 4 --json");
  return {.app = app, .run = [options] { return run_benchmark(*options); }};
}

}  // namespace wedlm::cli
