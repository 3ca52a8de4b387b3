#include "wedlm/eval/decode_benchmark.h"

#include <algorithm>
#include <fstream>

#include "wedlm/base/number_text.h"
#include "wedlm/base/ratio.h"
#include "wedlm/eval/watched_streams.h"

namespace wedlm {
namespace {

DecodeRun run_once(Engine& engine, const std::vector<std::vector<TokenId>>& prompts, const SamplingParams& params,
                   const Watcher& watcher) {
  DecodeRun run;
  for (const std::vector<TokenId>& prompt : prompts) {
    const std::vector<Result> results =
        wait_for_results({engine.submit({.prompt = prompt, .params = params})}, watcher, "the benchmark");
    const RequestStats& stats = results.front().stats;
    run.num_tokens += stats.generated_tokens;
    run.num_decode_forwards += stats.decode_forwards;
    run.num_forwards += stats.forwards();
    run.num_decode_rows += stats.decode_rows;
    run.seconds += stats.prefill_seconds + stats.decode_seconds;
    run.decode_seconds += stats.decode_seconds;
    run.num_decode_tokens += stats.num_later_tokens();
    run.first_token_seconds += stats.time_to_first_token_seconds / static_cast<double>(prompts.size());
  }
  return run;
}

DecodeRun median_run(std::vector<DecodeRun> runs) {
  std::sort(runs.begin(), runs.end(),
            [](const DecodeRun& a, const DecodeRun& b) { return a.tokens_per_second() < b.tokens_per_second(); });
  return runs[(runs.size() - 1) / 2];
}

std::string table_line(const std::string& label, const std::string& parallel, const std::string& autoregressive) {
  const auto right = [](const std::string& text, std::size_t width) {
    return std::string(width > text.size() ? width - text.size() : 0, ' ') + text;
  };
  std::string line = label;
  line.resize(24, ' ');
  return line + right(parallel, 12) + right(autoregressive, 18) + "\n";
}

std::string verdict(const DecodeRun& parallel, const DecodeRun& autoregressive) {
  const double speed_up = ratio(parallel.tokens_per_second(), autoregressive.tokens_per_second());
  if (speed_up <= 0) return "No speed was measured.";
  if (speed_up >= 0.995 && speed_up < 1.005) return "WeDLM is as fast as autoregressive.";
  return speed_up > 1 ? "WeDLM is " + fixed(speed_up, 2) + "x faster than autoregressive."
                      : "WeDLM is " + fixed(1 / speed_up, 2) + "x slower than autoregressive.";
}

}  // namespace

double DecodeRun::tokens_per_second() const {
  return ratio(static_cast<double>(num_tokens), seconds);
}
double DecodeRun::decode_tokens_per_second() const {
  return ratio(static_cast<double>(num_decode_tokens), decode_seconds);
}
double DecodeRun::tokens_per_forward() const {
  return ratio(num_tokens, num_decode_forwards);
}
double DecodeRun::rows_per_forward() const {
  return ratio(num_decode_rows, num_decode_forwards);
}
double DecodeRun::cacheability() const {
  return ratio(num_tokens, num_decode_rows);
}

DecodeComparison compare_decoding(const DecodeBenchmark& benchmark, Engine& engine, const Watcher& watcher) {
  SamplingParams autoregressive = benchmark.params;
  autoregressive.mode = DecodeMode::kAutoregressive;
  std::vector<DecodeRun> parallel_runs, autoregressive_runs;
  const int num_rounds = benchmark.num_warmup_runs + benchmark.num_runs;
  for (int round = 0; round < num_rounds && !watcher.is_interrupted(); ++round) {
    const bool is_warmup = round < benchmark.num_warmup_runs;
    const DecodeRun fast = run_once(engine, benchmark.prompts, benchmark.params, watcher);
    const DecodeRun plain = run_once(engine, benchmark.prompts, autoregressive, watcher);
    watcher.note((is_warmup ? "Warm-up: " : "Run " + std::to_string(round - benchmark.num_warmup_runs + 1) + ": ") +
                 fixed(fast.tokens_per_second(), 1) + " tokens/s " + std::string(mode_name(benchmark.params.mode)) +
                 ", " + fixed(plain.tokens_per_second(), 1) + " autoregressive");
    if (is_warmup) continue;
    parallel_runs.push_back(fast);
    autoregressive_runs.push_back(plain);
  }
  if (watcher.is_interrupted()) return {.is_interrupted = true};
  return {.parallel = median_run(parallel_runs), .autoregressive = median_run(autoregressive_runs)};
}

Json decode_run_json(const DecodeRun& run) {
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

std::string comparison_text(std::string_view mode, const DecodeComparison& comparison) {
  const auto line = [&](const std::string& label, int digits, auto value) {
    return table_line(label, fixed(static_cast<double>(value(comparison.parallel)), digits),
                      fixed(static_cast<double>(value(comparison.autoregressive)), digits));
  };
  return table_line("", std::string(mode), "autoregressive") +
         line("tokens/s", 1, [](const DecodeRun& run) { return run.tokens_per_second(); }) +
         line("tokens/s, decode alone", 1, [](const DecodeRun& run) { return run.decode_tokens_per_second(); }) +
         line("tokens", 0, [](const DecodeRun& run) { return run.num_tokens; }) +
         line("forwards", 0, [](const DecodeRun& run) { return run.num_forwards; }) +
         line("tokens per forward", 2, [](const DecodeRun& run) { return run.tokens_per_forward(); }) +
         line("rows per forward", 1, [](const DecodeRun& run) { return run.rows_per_forward(); }) +
         line("cacheability", 2, [](const DecodeRun& run) { return run.cacheability(); }) +
         line("time to first token, ms", 1, [](const DecodeRun& run) { return 1000 * run.first_token_seconds; }) +
         "\n" + verdict(comparison.parallel, comparison.autoregressive) + "\n";
}

std::size_t peak_memory_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    std::size_t kilobytes = 0;
    if (word == "VmHWM:" && status >> kilobytes) return kilobytes * 1024;
  }
  return 0;
}

}  // namespace wedlm
