// `wedlm serve`: the model over HTTP, with OpenAI's and Anthropic's interfaces and a page to try it.
#include <algorithm>
#include <limits>
#include <memory>
#include <thread>

#include "cli/commands/commands.h"
#include "cli/options/config_file.h"
#include "cli/options/engine_flags.h"
#include "cli/options/output_options.h"
#include "cli/options/sampling_options.h"
#include "cli/options/server_flags.h"
#include "cli/options/session.h"
#include "cli/options/subcommand.h"
#include "cli/terminal/interrupts.h"

namespace wedlm::cli {
namespace {

constexpr std::chrono::milliseconds kPoll{20};

struct ServeOptions {
  ModelOptions model;
  EngineFlags engine;
  // A chat's answer may be as long as there is room.
  SamplingSettings sampling{std::numeric_limits<std::int32_t>::max()};
  ServerFlags server;
  OutputOptions output;
};

std::string model_name(const ServeOptions& options, const std::filesystem::path& folder) {
  if (options.server.model_name) return *options.server.model_name;
  // A name of the hub, whose folder in the cache has another.
  if (options.model.model && !std::filesystem::exists(*options.model.model)) return *options.model.model;
  const std::filesystem::path name = folder.has_filename() ? folder.filename() : folder.parent_path().filename();
  return name.string();
}

/// Until a signal comes.
void wait_for_end(const InterruptGuard& interrupts) {
  while (!interrupts.is_interrupted()) std::this_thread::sleep_for(kPoll);
}

void drain(server::Server& server, const ServeOptions& options, const Console& console) {
  server.drain();
  const std::chrono::milliseconds time = options.server.drain_time();
  const int num_running = server.num_running();
  if (num_running > 0) {
    console.note("Ending: " + std::to_string(num_running) + " requests may go on for " +
                 std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time).count()) +
                 " s; another signal ends them now");
  }
  if (!server.wait_until_idle(time)) {
    console.note("Ending: " + std::to_string(server.num_running()) + " requests were not done in time");
  }
}

int run_serve(const ServeOptions& options) {
  const Console console(options.output);
  const server::ServerOptions server_options = options.server.server_options(options.sampling);
  options.server.drain_time();  // a wrong one is told now
  EngineOptions engine_options = options.engine.engine_options();
  set_if_given(engine_options.max_waiting, options.server.max_queue);

  Session session;
  server::Server server(server_options, [&console](const std::string& line) { console.note(line); });
  const bool is_web = server.address().starts_with("http");
  console.note("Listening at " + server.address() + (is_web ? "/" : ""));
  session.model = load_model(options.model, console);
  note_mode(options.sampling, *session.model, console);
  session.engine = std::make_unique<Engine>(*session.model, engine_options);
  const std::string name = model_name(options, session.model->folder());
  const InterruptGuard interrupts(2, InterruptGuard::Signals::kInterruptAndTerminate);
  server.serve(*session.model, *session.engine, name);
  console.note("Serving " + name + " at " + server.address() + (is_web ? "/" : "") + "; Ctrl-C ends it", Style::kBold);
  wait_for_end(interrupts);
  drain(server, options, console);
  return 0;
}

}  // namespace

Command add_serve(CLI::App& program) {
  CLI::App* app = add_subcommand(
      program, "serve",
      "Answer over HTTP.\nOpenAI's interface (/v1/chat/completions, /v1/completions and more), Anthropic's "
      "(/v1/messages), a page to try it at /, metrics at /metrics. Sampling and decoding options are what holds where "
      "a request does not say otherwise.");
  const auto options = std::make_shared<ServeOptions>();
  add_server_options(*app, options->server);
  add_sampling_options(*app, options->sampling);
  add_decoding_options(*app, options->sampling);
  add_model_options(*app, options->model);
  add_engine_options(*app, options->engine);
  add_output_options(*app, options->output);
  add_config_option(*app);
  set_footer(
      *app,
      "Examples:\n"
      "  wedlm serve\n"
      "  curl http://127.0.0.1:8080/v1/chat/completions -H 'Content-Type: application/json' \\\n"
      "       -d '{\"messages\": [{\"role\": \"user\", \"content\": \"Count from 1 to 20.\"}]}'\n"
      "  wedlm serve -m tencent/WeDLM-8B-Instruct --weights int8 --host 0.0.0.0 --api-key-file keys.txt\n"
      "  wedlm serve --limit max_tokens=1024 --limit n=4 --max-queue 64 --log-format json\n"
      "\n"
      "Exit codes: 0 ended by SIGTERM or Ctrl-C, 2 a wrong option or input, 3 an address, file or memory that cannot "
      "be "
      "had, 70 a fault of wedlm.");
  return {.app = app, .run = [options] { return run_serve(*options); }};
}

}  // namespace wedlm::cli
