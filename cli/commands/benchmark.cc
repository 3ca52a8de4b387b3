// `wedlm benchmark`: a decoding mode against autoregressive decoding over the same engine, cache and kernels. The
// prefix cache is off, because every run repeats the same prompts.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <memory>

#include "cli/commands/commands.h"
#include "cli/options/engine_flags.h"
#include "cli/options/output_options.h"
#include "cli/options/prompts.h"
#include "cli/options/sampling_options.h"
#include "cli/options/session.h"
#include "cli/terminal/answer.h"
#include "wedlm/base/error.h"
#include "wedlm/base/number_text.h"
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

/// What one run over all prompts, one after the other, came to.
struct Run {
  std::int64_t num_tokens = 0;
  std::int64_t num_decode_forwards = 0;
  std::int64_t num_forwards = 0;
  std::int64_t num_decode_rows = 0;
  double seconds = 0;  // of prefill and decode
  double decode_seconds = 0;
  std::int64_t num_decode_tokens = 0;  // that decode_seconds was spent on
  double first_token_seconds = 0;      // the mean over the prompts

  double tokens_per_second() const { return seconds > 0 ? static_cast<double>(num_tokens) / seconds : 0; }
  double decode_tokens_per_second() const {
    return decode_seconds > 0 ? static_cast<double>(num_decode_tokens) / decode_seconds : 0;
  }
  double tokens_per_forward() const { return ratio(num_tokens, num_decode_forwards); }
  double rows_per_forward() const { return ratio(num_decode_rows, num_decode_forwards); }
  double cacheability() const { return ratio(num_tokens, num_decode_rows); }

 private:
  static double ratio(std::int64_t amount, std::int64_t count) {
    return count > 0 ? static_cast<double>(amount) / static_cast<double>(count) : 0;
  }
};

Run run_once(Engine& engine, const std::vector<std::vector<TokenId>>& prompts, const SamplingParams& params,
             const InterruptGuard& interrupts) {
  Run run;
  for (const std::vector<TokenId>& prompt : prompts) {
    const auto stream = engine.submit({.prompt = prompt, .params = params});
    const Answer answer = read_answer(
        *stream, interrupts, [](const StreamEvent&) {}, [&stream] { stream->cancel(); });
    check_answer(answer, "the benchmark");
    const RequestStats& stats = answer.result.stats;
    run.num_tokens += stats.generated_tokens;
    run.num_decode_forwards += stats.decode_forwards;
    run.num_forwards += stats.forwards();
    run.num_decode_rows += stats.decode_rows;
    run.seconds += stats.prefill_seconds + stats.decode_seconds;
    run.decode_seconds += stats.decode_seconds;
    run.num_decode_tokens += answer.num_later_tokens();
    run.first_token_seconds += stats.time_to_first_token_seconds / static_cast<double>(prompts.size());
  }
  return run;
}

/// The run of median speed; of an even number of runs the slower of the two in the middle.
Run median_run(std::vector<Run> runs) {
  std::sort(runs.begin(), runs.end(),
            [](const Run& a, const Run& b) { return a.tokens_per_second() < b.tokens_per_second(); });
  return runs[(runs.size() - 1) / 2];
}

/// The most memory that this process has held, from Linux's /proc; 0 where that is not to be had.
std::size_t peak_memory_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    std::size_t kilobytes = 0;
    if (word == "VmHWM:" && status >> kilobytes) return kilobytes * 1024;
  }
  return 0;
}

Json run_json(const Run& run) {
  return Json::object({{"tokens", run.num_tokens},
                       {"tokens_per_second", run.tokens_per_second()},
                       {"decode_tokens_per_second", run.decode_tokens_per_second()},
                       {"forwards", run.num_forwards},
                       {"tokens_per_forward", run.tokens_per_forward()},
                       {"rows_per_forward", run.rows_per_forward()},
                       {"cacheability", run.cacheability()},
                       {"time_to_first_token", run.first_token_seconds},
                       {"seconds", run.seconds}});
}

std::string table_line(const std::string& label, const std::string& parallel, const std::string& autoregressive) {
  const auto right = [](const std::string& text, std::size_t width) {
    return std::string(width > text.size() ? width - text.size() : 0, ' ') + text;
  };
  std::string line = label;
  line.resize(24, ' ');
  return line + right(parallel, 12) + right(autoregressive, 18) + "\n";
}

std::string verdict(const Run& parallel, const Run& autoregressive) {
  const double ratio =
      autoregressive.tokens_per_second() > 0 ? parallel.tokens_per_second() / autoregressive.tokens_per_second() : 0;
  if (ratio <= 0) return "No speed was measured.";
  if (ratio >= 0.995 && ratio < 1.005) return "WeDLM is as fast as autoregressive.";
  return ratio > 1 ? "WeDLM is " + fixed(ratio, 2) + "x faster than autoregressive."
                   : "WeDLM is " + fixed(1 / ratio, 2) + "x slower than autoregressive.";
}

std::string table(std::string_view mode, const Run& parallel, const Run& autoregressive) {
  const auto line = [&](const std::string& label, int digits, auto value) {
    return table_line(label, fixed(static_cast<double>(value(parallel)), digits),
                      fixed(static_cast<double>(value(autoregressive)), digits));
  };
  return table_line("", std::string(mode), "autoregressive") +
         line("tokens/s", 1, [](const Run& run) { return run.tokens_per_second(); }) +
         line("tokens/s, decode alone", 1, [](const Run& run) { return run.decode_tokens_per_second(); }) +
         line("tokens", 0, [](const Run& run) { return run.num_tokens; }) +
         line("forwards", 0, [](const Run& run) { return run.num_forwards; }) +
         line("tokens per forward", 2, [](const Run& run) { return run.tokens_per_forward(); }) +
         line("rows per forward", 1, [](const Run& run) { return run.rows_per_forward(); }) +
         line("cacheability", 2, [](const Run& run) { return run.cacheability(); }) +
         line("time to first token, ms", 1, [](const Run& run) { return 1000 * run.first_token_seconds; });
}

struct Measured {
  Run parallel;
  Run autoregressive;
  bool is_cancelled = false;
};

/// The modes take turns, so that what else the machine does meets both.
Measured measure(const BenchmarkOptions& options, Session& session, const std::vector<std::vector<TokenId>>& prompts,
                 const Console& console) {
  SamplingParams parallel = options.sampling.params(session.model->generation_defaults());
  if (!parallel.seed) parallel.seed = 0;
  SamplingParams autoregressive = parallel;
  autoregressive.mode = DecodeMode::kAutoregressive;

  const InterruptGuard interrupts(2);
  std::vector<Run> parallel_runs, autoregressive_runs;
  const int num_rounds = *options.num_warmup_runs + *options.num_runs;
  for (int round = 0; round < num_rounds && !interrupts.is_interrupted(); ++round) {
    const bool is_warmup = round < *options.num_warmup_runs;
    const Run fast = run_once(*session.engine, prompts, parallel, interrupts);
    const Run plain = run_once(*session.engine, prompts, autoregressive, interrupts);
    console.note((is_warmup ? "Warm-up: " : "Run " + std::to_string(round - *options.num_warmup_runs + 1) + ": ") +
                 fixed(fast.tokens_per_second(), 1) + " tokens/s " + std::string(mode_name(parallel.mode)) + ", " +
                 fixed(plain.tokens_per_second(), 1) + " autoregressive");
    if (is_warmup) continue;
    parallel_runs.push_back(fast);
    autoregressive_runs.push_back(plain);
  }
  Measured measured;
  measured.is_cancelled = interrupts.is_interrupted();
  if (!measured.is_cancelled) {
    measured.parallel = median_run(parallel_runs);
    measured.autoregressive = median_run(autoregressive_runs);
  }
  return measured;
}

int run_benchmark(BenchmarkOptions options) {
  const Console console(options.output);
  if (*options.num_runs < 1)
    throw InvalidInput("--runs: expected at least 1, got " + std::to_string(*options.num_runs));
  if (*options.num_warmup_runs < 0) {
    throw InvalidInput("--warmup: expected at least 0, got " + std::to_string(*options.num_warmup_runs));
  }
  const DecodeMode mode = options.sampling.params({}).mode;
  if (mode == DecodeMode::kAutoregressive) {
    throw InvalidInput("benchmark compares a mode with autoregressive: choose --mode streaming, exact or gated");
  }
  if (options.prompts.texts.empty() && !options.prompts.file) options.prompts.texts = {kDefaultPrompt};
  const std::vector<Prompt> prompts = read_prompts(options.prompts);
  EngineOptions engine_options = options.engine.engine_options();
  engine_options.enable_prefix_cache = false;
  Session session = open_session(options.model, engine_options, console);
  std::vector<std::vector<TokenId>> encoded;
  encoded.reserve(prompts.size());
  const PromptEncoder encoder(*session.model);
  for (const Prompt& prompt : prompts) encoded.push_back(encoder.encode(prompt));
  const Measured measured = measure(options, session, encoded, console);
  if (measured.is_cancelled) return kExitInterrupted;

  const std::size_t peak_bytes = peak_memory_bytes();
  if (options.output.json) {
    const Json json = Json::object({{"model", session.model->folder().string()},
                                    {"backend", session.model->backend().description()},
                                    {"runs", *options.num_runs},
                                    {"mode", mode_name(mode)},
                                    {std::string(mode_name(mode)), run_json(measured.parallel)},
                                    {"autoregressive", run_json(measured.autoregressive)},
                                    {"peak_memory_bytes", static_cast<std::int64_t>(peak_bytes)}});
    console.print(write_json(json) + "\n");
    return 0;
  }
  console.print(table(mode_name(mode), measured.parallel, measured.autoregressive) + "\n" +
                verdict(measured.parallel, measured.autoregressive) + "\n" + "Median of " +
                std::to_string(*options.num_runs) + " runs; peak memory " + size_text(static_cast<double>(peak_bytes)) +
                ".\n");
  return 0;
}

}  // namespace

Command add_benchmark(CLI::App& program) {
  CLI::App* app =
      program.add_subcommand("benchmark",
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
  app->footer(std::string("Without a prompt, \"") + kDefaultPrompt +
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
