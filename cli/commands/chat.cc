// `wedlm chat`: a conversation. Every turn is a new request with the whole conversation as its prompt; the engine's
// prefix cache has the K/V of all but the last turn.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "cli/commands/commands.h"
#include "cli/options/engine_flags.h"
#include "cli/options/output_options.h"
#include "cli/options/sampling_options.h"
#include "cli/options/session.h"
#include "cli/terminal/answer_view.h"
#include "cli/terminal/line_reader.h"
#include "cli/terminal/stats_text.h"
#include "wedlm/base/error.h"
#include "wedlm/base/number_text.h"
#include "wedlm/base/quote.h"
#include "wedlm/frontend/prompt_encoder.h"
#include "wedlm/frontend/read_result.h"

namespace wedlm::cli {
namespace {

constexpr std::string_view kHelp =
    "  /help          this list\n"
    "  /reset         forget the conversation; the system message stays\n"
    "  /system TEXT   set the system message and forget the conversation; without TEXT, have none\n"
    "  /stats         figures of the last answer\n"
    "  /exit, /quit   leave, as Ctrl-D does\n"
    "Ctrl-C stops an answer; on an empty line, twice, it leaves.\n";

struct ChatOptions {
  ModelOptions model;
  EngineFlags engine;
  SamplingSettings sampling{kChatMaxTokens};
  OutputOptions output;
  std::optional<std::string> system;
  bool show_window = false;
};

class Chat {
 public:
  Chat(Session& session, const ChatOptions& options, const Console& console)
      : session_(session),
        encoder_(*session.model),
        params_(options.sampling.params(session.model->generation_defaults())),
        console_(console),
        show_window_(window_wish(options.show_window, console)),
        system_(options.system),
        is_interactive_(is_input_terminal()) {}

  void run();

 private:
  enum class Next { kGoOn, kLeave };

  Next take(const std::string& line);
  Next take_command(const std::string& line);
  void take_turn(const std::string& text);
  std::vector<TokenId> prompt_that_fits();
  Prompt conversation() const;
  void say(std::string_view text) const { write(Stream::kErr, text); }

  Session& session_;
  PromptEncoder encoder_;
  SamplingParams params_;
  const Console& console_;
  AnswerView::ShowWindow show_window_;
  std::optional<std::string> system_;
  bool is_interactive_;
  Json::Array messages_;  // user and assistant in turn
  std::optional<Result> last_answer_;
  InterruptGuard interrupts_{3};  // one may be on its way while an answer is being stopped
};

void Chat::run() {
  const std::unique_ptr<LineReader> reader = LineReader::make(interrupts_);
  if (is_interactive_) console_.note("Type a message. /help lists the commands, Ctrl-D leaves.");
  bool was_interrupted = false;
  while (true) {
    const LineReader::Line line = reader->read("> ");
    interrupts_.reset();
    if (line.kind == LineReader::Line::Kind::kEnd) {
      if (is_interactive_) say("\n");
      return;
    }
    if (line.kind == LineReader::Line::Kind::kInterrupted) {
      if (was_interrupted) return;
      was_interrupted = true;
      console_.note("Press Ctrl-C again to leave.");
      continue;
    }
    was_interrupted = false;
    try {
      if (take(line.text) == Next::kLeave) return;
    } catch (const InvalidInput& error) {
      if (!is_interactive_) throw;
      say(styled(Style::kError, std::string("wedlm: ") + error.what(), console_.has_color()) + "\n");
    }
    interrupts_.reset();
  }
}

Chat::Next Chat::take(const std::string& line) {
  if (line.find_first_not_of(" \t") == std::string::npos) return Next::kGoOn;
  if (line.front() == '/') return take_command(line);
  take_turn(replace_ill_formed_utf8(line));
  return Next::kGoOn;
}

Chat::Next Chat::take_command(const std::string& line) {
  const std::size_t space = std::min(line.find(' '), line.size());
  const std::string name = line.substr(0, space);
  const std::size_t argument = line.find_first_not_of(' ', space);
  if (name == "/exit" || name == "/quit") return Next::kLeave;
  if (name == "/help") {
    say(kHelp);
  } else if (name == "/reset") {
    messages_.clear();
    console_.note("The conversation is forgotten.");
  } else if (name == "/system") {
    system_ = argument == std::string::npos ? std::nullopt : std::optional(line.substr(argument));
    messages_.clear();
    console_.note(system_ ? "The system message is set; the conversation starts anew."
                          : "There is no system message now; the conversation starts anew.");
  } else if (name == "/stats") {
    say(last_answer_ ? stats_text(*last_answer_) : "There is no answer yet.\n");
  } else {
    throw InvalidInput("unknown command " + quote(name) + "; /help lists those that there are");
  }
  return Next::kGoOn;
}

Prompt Chat::conversation() const {
  Prompt prompt{.source = "this turn", .messages = messages_};
  return system_ ? with_system_message(std::move(prompt), *system_) : prompt;
}

/// Forgets the oldest turns where the conversation leaves no room for an answer.
std::vector<TokenId> Chat::prompt_that_fits() {
  const auto max_model_len = static_cast<std::size_t>(session_.engine->options().max_model_len);
  const std::size_t room = std::min(static_cast<std::size_t>(params_.max_tokens), max_model_len / 4);
  std::size_t num_forgotten = 0;
  std::vector<TokenId> prompt = encoder_.encode(conversation());
  while (prompt.size() + room > max_model_len && messages_.size() > 2) {
    messages_.erase(messages_.begin(), messages_.begin() + 2);
    num_forgotten += 2;
    prompt = encoder_.encode(conversation());
  }
  if (num_forgotten > 0) {
    console_.note("The conversation is longer than the context of " + std::to_string(max_model_len) +
                  " tokens: the model no longer sees its oldest " + std::to_string(num_forgotten) + " messages.");
  }
  return prompt;
}

void Chat::take_turn(const std::string& text) {
  messages_.push_back(Json::object({{"role", "user"}, {"content", text}}));
  std::shared_ptr<ResponseStream> stream;
  try {
    Request request{.prompt = prompt_that_fits(), .params = params_};
    request.report_window = show_window_ == AnswerView::ShowWindow::kYes;
    stream = session_.engine->submit(std::move(request));
  } catch (...) {
    messages_.pop_back();
    throw;
  }
  AnswerView view(console_, encoder_.tokenizer(), show_window_);
  last_answer_ = read_result(*stream, {.is_interrupted = [this] { return interrupts_.is_interrupted(); },
                                       .cancel = [&stream] { stream->cancel(); },
                                       .show = [&view](const StreamEvent& event) { view.show(event); }});
  view.finish();
  check_result(*last_answer_, "this turn");
  messages_.push_back(Json::object({{"role", "assistant"}, {"content", last_answer_->text}}));

  const RequestStats& stats = last_answer_->stats;
  const bool is_cut = last_answer_->finish_reason == FinishReason::kLength;
  console_.note("[" + std::to_string(stats.generated_tokens) + " tokens, " + fixed(stats.speed(), 1) + " tokens/s, " +
                fixed(stats.tokens_per_forward(), 2) + " tokens per forward" +
                (is_cut ? "; cut off at the longest answer" : "") + "]");
}

int run_chat(const ChatOptions& options) {
  const Console console(options.output);
  Session session = open_session(options.model, options.engine.engine_options(), console);
  if (!PromptEncoder(*session.model).has_chat_template()) {
    throw InvalidInput(session.model->folder().string() +
                       ": expected a chat template, found none; use wedlm generate --raw");
  }
  Chat(session, options, console).run();
  return 0;
}

}  // namespace

Command add_chat(CLI::App& program) {
  CLI::App* app = program.add_subcommand(
      "chat", "Talk with a model.\nLines that are piped in are turns of one conversation. /help lists the commands.");
  const auto options = std::make_shared<ChatOptions>();
  OptionGroup(*app, "Prompt")
      .text({.names = "-s,--system", .value = "TEXT", .text = "The system message."}, options->system);
  add_sampling_options(*app, options->sampling);
  add_decoding_options(*app, options->sampling);
  add_model_options(*app, options->model);
  add_engine_options(*app, options->engine);
  OptionGroup(*app, "Output")
      .flag({.names = "--show-window", .text = "Show the window of guesses after the text while it is filled."},
            options->show_window);
  add_output_options(*app, options->output);
  app->footer(std::string("In the conversation:\n") + std::string(kHelp) +
              "\n"
              "Examples:\n"
              "  wedlm chat\n"
              "  wedlm chat --system \"Answer in one sentence.\" --preset balanced\n"
              "  printf 'Count to 5\\nAnd on to 10\\n' | wedlm chat --quiet");
  return {.app = app, .run = [options] { return run_chat(*options); }};
}

}  // namespace wedlm::cli
