// `wedlm generate`: prompts in, answers out, all of them as one batch.
#include <algorithm>
#include <memory>

#include "cli/commands/commands.h"
#include "cli/options/engine_flags.h"
#include "cli/options/output_options.h"
#include "cli/options/prompts.h"
#include "cli/options/sampling_options.h"
#include "cli/options/session.h"
#include "cli/options/subcommand.h"
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
  std::optional<std::int32_t> num_answers = 1;
  bool show_window = false;
};

/// One of the answers to one of the prompts.
struct Asked {
  std::size_t prompt = 0;  // index
  int answer = 0;          // of the prompt's
  std::shared_ptr<ResponseStream> stream{};
};
using Streams = std::vector<Asked>;

/// A prompt that is wrong is told before any of them runs.
Streams submit_all(const std::vector<Prompt>& prompts, const GenerateOptions& options, Session& session,
                   const PromptEncoder& encoder, bool report_window) {
  std::vector<std::vector<Request>> requests;
  requests.reserve(prompts.size());
  for (const Prompt& prompt : prompts) {
    requests.push_back(
        engine_requests({.prompt = prompt, .settings = options.sampling, .num_answers = *options.num_answers}, encoder,
                        session.model->generation_defaults()));
  }
  Streams streams;
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    for (Request& request : requests[i]) {
      request.report_window = report_window;
      const auto answer = static_cast<int>(&request - requests[i].data());
      try {
        streams.push_back({.prompt = i, .answer = answer, .stream = session.engine->submit(std::move(request))});
      } catch (const InvalidInput& error) {
        throw InvalidInput(prompts[i].source + ": " + error.what());
      }
    }
  }
  return streams;
}

std::string heading(const Prompt& prompt, const Asked& asked, const GenerateOptions& options) {
  std::string text = "--- " + prompt.source;
  if (*options.num_answers > 1) text += ", answer " + std::to_string(asked.answer + 1);
  return text + " ---";
}

/// Prints the answers in the order of the prompts; a later one that is ready first waits in its stream.
bool print_answers(const std::vector<Prompt>& prompts, const Streams& streams, const GenerateOptions& options,
                   const Tokenizer& tokenizer, const Console& console, AnswerView::ShowWindow show_window) {
  const InterruptGuard interrupts(2);
  const auto cancel = [&streams] {
    for (const Asked& asked : streams) asked.stream->cancel();
  };
  bool is_cancelled = false;
  for (const Asked& asked : streams) {
    const Prompt& prompt = prompts[asked.prompt];
    if (streams.size() > 1 && !options.output.json) console.note(heading(prompt, asked, options), Style::kBold);
    AnswerView view(console, tokenizer, show_window);
    const auto show = [&](const StreamEvent& event) {
      if (!options.output.json) view.show(event);
    };
    const Result result = read_result(
        *asked.stream,
        {.is_interrupted = [&interrupts] { return interrupts.is_interrupted(); }, .cancel = cancel, .show = show});
    if (options.output.json) {
      Json json = result_json(result, asked.prompt);
      if (*options.num_answers > 1) json.set("answer", asked.answer);
      console.print(write_json(json) + "\n");
    } else {
      view.finish();
      if (!console.is_quiet()) write(Stream::kErr, styled(Style::kDim, stats_text(result), console.has_color()));
    }
    check_result(result, prompt.source);
    is_cancelled |= result.finish_reason == FinishReason::kCancelled;
  }
  return is_cancelled;
}

int run_generate(const GenerateOptions& options) {
  const Console console(options.output);
  check_at_least("--num-answers", 1, options.num_answers);
  const std::vector<Prompt> prompts = read_prompts(options.prompts);
  EngineOptions engine_options = options.engine.engine_options();
  engine_options.max_waiting =
      std::max(engine_options.max_waiting, static_cast<int>(prompts.size()) * *options.num_answers);

  Session session = open_session(options.model, engine_options, console);
  note_mode(options.sampling, *session.model, console);
  const PromptEncoder encoder(*session.model);
  if (!encoder.has_chat_template() && !options.prompts.raw) {
    console.note("The checkpoint has no chat template: the prompt is given to the model as it is, as with --raw");
  }
  if (*options.num_answers > 1 && options.sampling.params(session.model->generation_defaults()).temperature == 0) {
    console.note("At temperature 0 all answers to a prompt are the same; -t 0.7 draws different ones");
  }
  const AnswerView::ShowWindow show_window = window_wish(options.show_window && !options.output.json, console);
  const Streams streams = submit_all(prompts, options, session, encoder, show_window == AnswerView::ShowWindow::kYes);
  const bool is_cancelled = print_answers(prompts, streams, options, encoder.tokenizer(), console, show_window);
  return is_cancelled ? kExitInterrupted : 0;
}

}  // namespace

Command add_generate(CLI::App& program) {
  CLI::App* app = add_subcommand(
      program, "generate",
      "Answer one or several prompts.\nThe text goes to standard output as it is committed; everything about it goes "
      "to standard error.");
  const auto options = std::make_shared<GenerateOptions>();
  add_prompt_options(*app, options->prompts);
  add_sampling_options(*app, options->sampling);
  OptionGroup(*app, "Sampling")
      .integer({.names = "--num-answers",
                .value = "N",
                .text = "Answers to each prompt, with seeds one after the other.",
                .default_text = "1"},
               options->num_answers);
  add_decoding_options(*app, options->sampling);
  add_model_options(*app, options->model);
  add_engine_options(*app, options->engine);
  OptionGroup output(*app, "Output");
  output.flag({.names = "--json", .text = "Print one JSON object a prompt, with token ids and statistics."},
              options->output.json);
  output.flag({.names = "--show-window", .text = "Show the window of guesses after the text while it is filled."},
              options->show_window);
  add_output_options(*app, options->output);
  set_footer(
      *app,
      "Examples:\n"
      "  wedlm generate -p \"Count from 1 to 20.\"\n"
      "  wedlm generate -p \"Solve: 3x + 3 = 15\" --preset fast --show-window\n"
      "  echo \"What is 2 + 2?\" | wedlm generate --quiet -n 32\n"
      "  wedlm generate --file prompts.jsonl --json > answers.jsonl\n"
      "  wedlm generate -m tencent/WeDLM-8B-Instruct -p \"Hello\" -t 0 --autoregressive\n"
      "\n"
      "Exit codes: 0 done, 2 a wrong option or input, 3 a file or memory that cannot be had, 70 a fault of wedlm, 130 "
      "Ctrl-C.");
  return {.app = app, .run = [options] { return run_generate(*options); }};
}

}  // namespace wedlm::cli
