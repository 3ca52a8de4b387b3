// `wedlm load`: requests to a server of OpenAI's interface, ours or another, and how fast it answers.
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>

#include "cli/commands/commands.h"
#include "cli/options/load_flags.h"
#include "cli/options/option_group.h"
#include "cli/options/output_options.h"
#include "cli/options/subcommand.h"
#include "cli/terminal/console_watcher.h"
#include "wedlm/base/error.h"
#include "wedlm/base/number_text.h"
#include "wedlm/base/open_files.h"
#include "wedlm/load/load_figures.h"

namespace wedlm::cli {
namespace {

struct LoadOptions {
  LoadFlags flags;
  OutputOptions output;
  std::optional<std::string> save_path;
};

/// "8 clients" or "20 requests/s (poisson)"
std::string pace_text(const load::LoadPlan& plan) {
  if (!plan.rate) return std::to_string(plan.max_running) + (plan.max_running == 1 ? " client" : " clients");
  const bool is_even = plan.arrivals == load::ArrivalProcess::kEven;
  return shortest(*plan.rate) + " requests/s arriving " + (is_even ? "evenly" : "at random");
}

/// How it was run, in front of the figures.
Json conditions(const load::LoadPlan& plan, const load::HttpOptions& server) {
  Json json = Json::object({{"url", server.address.text()},
                            {"model", plan.request.model},
                            {"endpoint", plan.endpoint == load::Endpoint::kChat ? "chat" : "completions"},
                            {"stream", plan.request.is_streamed}});
  if (plan.rate) {
    json.set("rate", *plan.rate);
    json.set("arrivals", plan.arrivals == load::ArrivalProcess::kEven ? "even" : "poisson");
  } else {
    json.set("concurrency", plan.max_running);
  }
  return json;
}

Json joined_members(Json first, const Json& second) {
  for (const JsonMember& member : second.as_object()) first.set(member.key, member.value);
  return first;
}

void save_requests(const load::LoadResult& result, std::ofstream& file, const std::string& path) {
  for (const load::Outcome& outcome : result.outcomes) file << write_json(outcome_json(outcome)) << "\n";
  file.close();
  if (!file) throw ResourceError("cannot write " + path + ": " + std::strerror(errno));
}

int exit_code(const load::LoadResult& result, const load::LoadFigures& figures) {
  if (result.is_interrupted) return kExitInterrupted;
  return figures.num_succeeded > 0 ? 0 : kExitResourceError;
}

int run_load_command(const LoadOptions& options) {
  const Console console(options.output);
  const load::HttpOptions server = options.flags.http_options();
  load::LoadPlan plan = options.flags.plan();
  std::ofstream file;
  if (options.save_path) {
    file.open(*options.save_path, std::ios::binary);
    if (!file) throw ResourceError("cannot write " + *options.save_path + ": " + std::strerror(errno));
  }
  raise_open_file_limit();
  load::HttpClient client(server);
  if (plan.request.model.empty()) plan.request.model = load::first_model(client);
  console.note("Asking " + plan.request.model + " at " + server.address.text() + ": " + pace_text(plan));

  const InterruptGuard interrupts(2);
  load::LoadResult result;
  {
    ConsoleWatcher watcher(console, interrupts);
    result = load::run_load(plan, client, watcher.watcher());
  }
  const load::LoadFigures figures = load_figures(result);
  if (options.save_path) save_requests(result, file, *options.save_path);
  if (options.output.json) {
    console.print(write_json(joined_members(conditions(plan, server), load_json(figures))) + "\n");
  } else {
    console.print(load_table(figures));
  }
  if (result.is_interrupted) console.note("Ended by Ctrl-C");
  return exit_code(result, figures);
}

}  // namespace

Command add_load(CLI::App& program) {
  CLI::App* app = add_subcommand(
      program, "load",
      "Put load on a server and measure its answers.\nAny server with OpenAI's interface: wedlm serve, vLLM, "
      "llama-server. It says how many requests and tokens a second it answers, how long the first token, each "
      "further token and the whole answer take, and what failed.");
  const auto options = std::make_shared<LoadOptions>();
  add_load_options(*app, options->flags);
  OptionGroup output(*app, "Output");
  output.flag({.names = "--json", .text = "Print one JSON object."}, options->output.json);
  output.path({.names = "--save-requests", .value = "FILE", .text = "Write a line of JSON for each request."},
              options->save_path);
  add_output_options(*app, options->output);
  set_footer(
      *app,
      "Ctrl-C ends the run; what was measured is shown.\n"
      "\n"
      "Examples:\n"
      "  wedlm load\n"
      "  wedlm load http://127.0.0.1:8080 -c 32 --requests 500 --prompt-tokens 256 -n 128 --ignore-eos\n"
      "  wedlm load http://localhost:8000/v1 --rate 4 --duration 60 --file prompts.jsonl --json\n"
      "  wedlm load https://example.com --api-key KEY --model NAME -c 1 --requests 20 -p \"Count from 1 to 20.\"\n"
      "  wedlm load unix:/run/wedlm/wedlm.sock -c 64 --duration 30 --extra-body '{\"mode\": \"autoregressive\"}'\n"
      "\n"
      "Exit codes: 0 some requests were answered, 2 a wrong option or input, 3 none was answered, 130 Ctrl-C.");
  return {.app = app, .run = [options] { return run_load_command(*options); }};
}

}  // namespace wedlm::cli
