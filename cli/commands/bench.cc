// `wedlm bench`: what a forward costs on this machine, for shapes of models and not for checkpoints: random weights are
// made in memory. Every figure stands beside what the machine can do at most, measured between the same forwards.
#include <algorithm>
#include <memory>
#include <set>

#include "cli/commands/commands.h"
#include "cli/options/engine_flags.h"
#include "cli/options/option_group.h"
#include "cli/options/output_options.h"
#include "cli/options/shape_option.h"
#include "cli/options/subcommand.h"
#include "cli/options/thread_flags.h"
#include "cli/terminal/console_watcher.h"
#include "wedlm/base/error.h"
#include "wedlm/base/quote.h"
#include "wedlm/eval/forward_measurement.h"

namespace wedlm::cli {
namespace {

constexpr std::int64_t kMaxRows = 65'536;
constexpr std::int64_t kMaxContext = std::int64_t{1} << 24;
constexpr std::int32_t kMaxRuns = 10'000;

struct BenchOptions {
  OutputOptions output;
  std::optional<std::string> shape = "qwen3-0.6b";
  std::vector<TimedWeights> formats = {all_timed_weights().front()};
  std::vector<std::int64_t> rows = {1, 2, 4, 8, 16, 32, 64};
  std::vector<std::int64_t> contexts = {0, 256, 4096};
  std::optional<std::int64_t> prefill_rows;
  std::optional<std::string> kv_cache_type;
  ThreadFlags threads;
  std::optional<std::int32_t> num_runs = 5;
};

std::vector<std::string_view> list_items(std::string_view list) {
  std::vector<std::string_view> items;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t comma = std::min(list.find(',', begin), list.size());
    items.push_back(list.substr(begin, comma - begin));
    begin = comma + 1;
  }
  return items;
}

/// Ascending, each once.
std::vector<std::int64_t> parse_list(std::string_view list, std::int64_t min, std::int64_t max) {
  std::set<std::int64_t> numbers;
  for (const std::string_view item : list_items(list)) numbers.insert(parse_signed(item, min, max));
  return {numbers.begin(), numbers.end()};
}

std::string format_names(const char* separator) {
  std::string names;
  for (const TimedWeights& format : all_timed_weights())
    names += (names.empty() ? "" : separator) + std::string(format.name);
  return names;
}

std::vector<TimedWeights> parse_formats(std::string_view list) {
  std::vector<TimedWeights> formats;
  for (const std::string_view item : list_items(list)) {
    const auto format = std::ranges::find(all_timed_weights(), item, &TimedWeights::name);
    if (format == all_timed_weights().end()) {
      throw InvalidInput("expected one or several of " + format_names(", ") + ", got " + quote(item));
    }
    const bool is_known = std::ranges::any_of(formats, [&](const TimedWeights& f) { return f.name == format->name; });
    if (!is_known) formats.push_back(*format);
  }
  return formats;
}

/// One row of every context comes first: the others are compared with it.
std::vector<ForwardShape> shapes_of(const BenchOptions& options) {
  std::set<std::int64_t> rows(options.rows.begin(), options.rows.end());
  rows.insert(1);
  std::set<std::int64_t> contexts(options.contexts.begin(), options.contexts.end());
  std::vector<ForwardShape> shapes;
  for (const std::int64_t context : contexts) {
    for (const std::int64_t count : rows) shapes.push_back({.rows = count, .context = context});
  }
  if (options.prefill_rows) {
    const ForwardShape one_row{.rows = 1, .context = 0};
    if (std::ranges::find(shapes, one_row) == shapes.end()) shapes.insert(shapes.begin(), one_row);
    shapes.push_back({.kind = ForwardKind::kPrefill, .rows = *options.prefill_rows});
  }
  return shapes;
}

int run_bench(const BenchOptions& options) {
  const Console console(options.output);
  if (*options.num_runs < 1 || *options.num_runs > kMaxRuns) {
    throw InvalidInput("--runs: expected 1 to " + std::to_string(kMaxRuns) + ", got " +
                       std::to_string(*options.num_runs));
  }
  if (options.prefill_rows && (*options.prefill_rows < 1 || *options.prefill_rows > kMaxRows)) {
    throw InvalidInput("--prefill: expected 1 to " + std::to_string(kMaxRows) + ", got " +
                       std::to_string(*options.prefill_rows));
  }
  const ModelShape shape = shape_of("--shape", *options.shape);
  const ForwardPlan plan{.shape_name = shape.name,
                         .config = shape.config,
                         .formats = options.formats,
                         .shapes = shapes_of(options),
                         .kv_cache_type = kv_cache_type_of(options.kv_cache_type),
                         .backend = {.cpu = options.threads.cpu_options()},
                         .num_runs = *options.num_runs};
  const InterruptGuard interrupts(2);
  ConsoleWatcher watcher(console, interrupts);
  const ForwardMeasurement measurement = measure_forwards(plan, watcher.watcher());
  if (!measurement.forwards.empty()) {
    console.print(options.output.json ? write_json(measurement_json(plan, measurement)) + "\n"
                                      : measurement_text(plan, measurement));
  }
  return interrupts.is_interrupted() ? kExitInterrupted : 0;
}

void add_bench_options(CLI::App& app, BenchOptions& options) {
  OptionGroup group(app, "Bench");
  group.path({.names = "--shape",
              .value = "SHAPE",
              .text = "What is timed: " + shape_choices() + ".",
              .default_text = *options.shape},
             options.shape);
  group.add({.names = "--weights",
             .value = format_names("|"),
             .text = "The form of the weights in memory; several, with commas, one after the other.",
             .default_text = std::string(options.formats.front().name)},
            [&options](std::string_view value) { options.formats = parse_formats(value); });
  group.add({.names = "--rows",
             .value = "N,N,...",
             .text = "Rows of a forward, each of which predicts. One row is always among them.",
             .default_text = "1,2,4,8,16,32,64"},
            [&options](std::string_view value) { options.rows = parse_list(value, 1, kMaxRows); });
  group.add(
      {.names = "--context", .value = "N,N,...", .text = "Cached tokens before them.", .default_text = "0,256,4096"},
      [&options](std::string_view value) { options.contexts = parse_list(value, 0, kMaxContext); });
  add_kv_cache_type_option(group, options.kv_cache_type);
  group.integer({.names = "--prefill",
                 .value = "N",
                 .text = "Time a prompt of N rows too, such as 512: none is predicted but the last."},
                options.prefill_rows);
  group.integer({.names = "--runs",
                 .value = "N",
                 .text = "Times that each forward runs; all take turns, and medians are shown.",
                 .default_text = std::to_string(*options.num_runs)},
                options.num_runs);
  add_thread_options(group, options.threads);
  add_activation_option(group, options.threads);
  OptionGroup(app, "Output").flag({.names = "--json", .text = "Print one JSON object."}, options.output.json);
  add_output_options(app, options.output);
}

}  // namespace

Command add_bench(CLI::App& program) {
  CLI::App* app = add_subcommand(
      program, "bench",
      "Time forwards of a model's shape on this machine, without a checkpoint.\nWeights are random and made in memory. "
      "Each time stands beside its limit: the bytes that must be read, over the bandwidth of memory measured in the "
      "same "
      "run.");
  const auto options = std::make_shared<BenchOptions>();
  add_bench_options(*app, *options);
  set_footer(
      *app,
      "How to read the table:\n"
      "  rows        positions that go through the model together; a decode window is so many rows\n"
      "  one         the time over that of one row: a window pays where it yields more tokens than that\n"
      "  GB/s        what must be read over the time, and its share of the memory's measured bandwidth\n"
      "  peak        share of the measured peak of its multiply-adds: near it, more rows cost in proportion\n"
      "  products    linear layers; other: norms, rotation, activation; head: the product with the\n"
      "              vocabulary and what is read of it on the way; logits: what is read of logits\n"
      "              that were kept, 0 where none had to be; not matmul: all but products and head\n"
      "WEDLM_ISA=portable, avx2, avx_vnni, avx512, avx512_vnni, avx512_bf16, amx, neon or neon_dotprod forces an\n"
      "instruction set.\n"
      "\n"
      "Examples:\n"
      "  wedlm bench --shape nano\n"
      "  wedlm bench --shape qwen3-8b --rows 1,16 --context 256 --runs 3\n"
      "  wedlm bench --shape qwen3-0.6b --prefill 512 --threads 4 --json\n"
      "  wedlm bench --shape path/to/config.json --weights bf16,f32");
  return {.app = app, .run = [options] { return run_bench(*options); }};
}

}  // namespace wedlm::cli
