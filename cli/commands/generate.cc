// `wedlm generate`: prompts in, answers out, all of them as one batch.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "cli/commands/commands.h"
#include "cli/options/engine_flags.h"
#include "cli/options/output_options.h"
#include "cli/options/prompts.h"
#include "cli/options/sampling_options.h"
#include "cli/options/session.h"
#include "cli/terminal/answer_view.h"
#include "cli/terminal/interrupts.h"
#include "cli/terminal/stats_text.h"
#include "wedlm/base/error.h"
#include "wedlm/frontend/chat_request.h"
#include "wedlm/frontend/read_result.h"
#include "wedlm/frontend/result_json.h"

namespace wedlm::cli {
namespace {

struct GenerateOptions {
  ModelOptions model;
  EngineFlags engine;
  SamplingSettings sampling{kGenerateMaxTokens};
  PromptOptions prompts;
  OutputOptions output;
  bool show_window = false;
};

using Streams = std::vector<std::shared_ptr<ResponseStream>>;

/// A prompt that is wrong is told before any of them runs.
Streams submit_all(const std::vector<Prompt>& prompts, const GenerateOptions& options, Session& session,
                   const PromptEncoder& encoder, bool report_window) {
  std::vector<Request> requests;
  requests.reserve(prompts.size());
  for (const Prompt& prompt : prompts) {
    requests.push_back(engine_request({.prompt = prompt, .settings = options.sampling}, encoder,
                                      session.model->generation_defaults()));
    requests.back().report_window = report_window;
  }
  Streams streams;
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    try {
      streams.push_back(session.engine->submit(std::move(requests[i])));
    } catch (const InvalidInput& error) {
      throw InvalidInput(prompts[i].source + ": " + error.what());
    }
  }
  return streams;
}

/// Prints the answers in the order of the prompts; a later one that is ready first waits in its stream.
bool print_answers(const std::vector<Prompt>& prompts, const Streams& streams, const GenerateOptions& options,
                   const Tokenizer& tokenizer, const Console& console, AnswerView::ShowWindow show_window) {
  const InterruptGuard interrupts(2);
  const auto cancel = [&streams] {
    for (const auto& stream : streams) stream->cancel();
  };
  bool is_cancelled = false;
  for (std::size_t i = 0; i < streams.size(); ++i) {
    if (prompts.size() > 1 && !options.output.json) {
      console.note("--- " + prompts[i].source + " ---", Style::kBold);
    }
    AnswerView view(console, tokenizer, show_window);
    const auto show = [&](const StreamEvent& event) {
      if (!options.output.json) view.show(event);
    };
    const Result result = read_result(
        *streams[i],
        {.is_interrupted = [&interrupts] { return interrupts.is_interrupted(); }, .cancel = cancel, .show = show});
    if (options.output.json) {
      console.print(write_json(result_json(result, i)) + "\n");
    } else {
      view.finish();
      if (!console.is_quiet()) write(Stream::kErr, styled(Style::kDim, stats_text(result), console.has_color()));
    }
    check_result(result, prompts[i].source);
    is_cancelled |= result.finish_reason == FinishReason::kCancelled;
  }
  return is_cancelled;
}

int run_generate(const GenerateOptions& options) {
  const Console console(options.output);
  const std::vector<Prompt> prompts = read_prompts(options.prompts);
  EngineOptions engine_options = options.engine.engine_options();
  engine_options.max_waiting = std::max(engine_options.max_waiting, static_cast<int>(prompts.size()));

  Session session = open_session(options.model, engine_options, console);
  const PromptEncoder encoder(*session.model);
  if (!encoder.has_chat_template() && !options.prompts.raw) {
    console.note("The checkpoint has no chat template: the prompt is given to the model as it is, as with --raw");
  }
  const AnswerView::ShowWindow show_window = window_wish(options.show_window && !options.output.json, console);
  const Streams streams = submit_all(prompts, options, session, encoder, show_window == AnswerView::ShowWindow::kYes);
  const bool is_cancelled = print_answers(prompts, streams, options, encoder.tokenizer(), console, show_window);
  return is_cancelled ? kExitInterrupted : 0;
}

}  // namespace

Command add_generate(CLI::App& program) {
  CLI::App* app = program.add_subcommand(
      "generate",
      "Answer one or several prompts.\nThe text goes to standard output as it is committed; everything about it goes "
      "to standard error.");
  const auto options = std::make_shared<GenerateOptions>();
  add_prompt_options(*app, options->prompts);
  add_sampling_options(*app, options->sampling);
  add_decoding_options(*app, options->sampling);
  add_model_options(*app, options->model);
  add_engine_options(*app, options->engine);
  OptionGroup output(*app, "Output");
  output.flag({.names = "--json", .text = "Print one JSON object a prompt, with token ids and statistics."},
              options->output.json);
  output.flag({.names = "--show-window", .text = "Show the window of guesses after the text while it is filled."},
              options->show_window);
  add_output_options(*app, options->output);
  app->footer(
      "Examples:\n"
      "  wedlm generate -p \"Count from 1 to 20\"\n"
      "  wedlm generate -p \"Solve: 3x + 3 = 15\" --preset fast --show-window\n"
      "  echo \"What is 2 + 2?\" | wedlm generate --quiet -n 32\n"
      "  wedlm generate --file prompts.jsonl --json > answers.jsonl\n"
      "  wedlm generate -m Tencent/WeDLM-8B-Instruct -p \"Hello\" -t 0 --autoregressive\n"
      "\n"
      "Exit codes: 0 done, 2 a wrong option or input, 3 a file or memory that cannot be had, 70 a fault of wedlm, 130 "
      "Ctrl-C.");
  return {.app = app, .run = [options] { return run_generate(*options); }};
}

}  // namespace wedlm::cli
