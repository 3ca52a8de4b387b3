// `wedlm chat`: a conversation. Every turn is a new request with the whole conversation as its prompt; the engine's
// prefix cache has the K/V of all but the last turn.
#include <algorithm>
#include <memory>

#include "cli/commands/commands.h"
#include "cli/options/engine_flags.h"
#include "cli/options/output_options.h"
#include "cli/options/sampling_options.h"
#include "cli/options/session.h"
#include "cli/options/subcommand.h"
#include "cli/options/template_flags.h"
#include "cli/terminal/answer_view.h"
#include "cli/terminal/line_reader.h"
#include "cli/terminal/stats_text.h"
#include "wedlm/base/error.h"
#include "wedlm/base/named.h"
#include "wedlm/base/number_text.h"
#include "wedlm/base/quote.h"
#include "wedlm/frontend/conversation.h"
#include "wedlm/frontend/read_result.h"

namespace wedlm::cli {
namespace {

constexpr std::string_view kHelp =
    "  /help          this list\n"
    "  /reset         forget the conversation; the system message stays\n"
    "  /system TEXT   set the system message and forget the conversation; without TEXT, have none\n"
    "  /stats         figures of the last answer\n"
    "  /exit, /quit   leave, as Ctrl-D does\n"
    "Anything else is a message; one that begins like a command, with a space before it. Several lines\n"
    "that are pasted are one message. Ctrl-C stops an answer; on an empty line, twice, it leaves.\n";

const std::vector<std::string> kCommands = {"/help", "/reset", "/system", "/stats", "/exit", "/quit"};

std::string first_word(const std::string& line) {
  return line.substr(0, line.find(' '));
}

/// Whether a turn is a command, or one word that was meant to be one: paths and the like are messages.
bool is_command(const std::string& turn) {
  if (!turn.starts_with('/') || turn.find('\n') != std::string::npos) return false;
  const std::string word = first_word(turn);
  return std::ranges::count(kCommands, word) > 0 || (word == turn && !closest(word, kCommands).empty());
}

struct ChatOptions {
  ModelOptions model;
  EngineFlags engine;
  SamplingSettings sampling{kChatMaxTokens};
  OutputOptions output;
  std::optional<std::string> system;
  TemplateFlags template_flags;
  bool is_multiline = false;
  bool show_window = false;
};

class Chat {
 public:
  Chat(Session& session, const ChatOptions& options, Json template_arguments, const Console& console)
      : session_(session),
        encoder_(*session.model),
        params_(options.sampling.params(session.model->generation_defaults())),
        console_(console),
        show_window_(window_wish(options.show_window, console)),
        conversation_(options.system, std::move(template_arguments)),
        is_multiline_(options.is_multiline),
        is_interactive_(is_input_terminal()) {}

  void run();

 private:
  enum class Next { kGoOn, kLeave };

  Next take(const std::string& line);
  Next take_command(const std::string& line);
  void take_turn(const std::string& text);
  std::vector<TokenId> prompt_that_fits();
  LineReader::Line read_turn(LineReader& reader) const;
  void say(std::string_view text) const { write(Stream::kErr, text); }

  Session& session_;
  PromptEncoder encoder_;
  SamplingParams params_;
  const Console& console_;
  AnswerView::ShowWindow show_window_;
  Conversation conversation_;
  bool is_multiline_;
  bool is_interactive_;
  std::optional<Result> last_answer_;
  InterruptGuard interrupts_{3};  // one may be on its way while an answer is being stopped
};

void Chat::run() {
  const std::unique_ptr<LineReader> reader = LineReader::make(interrupts_);
  if (is_interactive_) console_.note("Type a message. /help lists the commands, Ctrl-D leaves.");
  bool was_interrupted = false;
  while (true) {
    const LineReader::Line line = read_turn(*reader);
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

/// A line, or with --multiline the lines up to an empty one. A command is a line in either case.
LineReader::Line Chat::read_turn(LineReader& reader) const {
  LineReader::Line turn = reader.read("> ");
  if (!is_multiline_ || turn.kind != LineReader::Line::Kind::kText || is_command(turn.text)) return turn;
  while (!turn.text.empty()) {
    LineReader::Line line = reader.read(". ");
    if (line.kind == LineReader::Line::Kind::kInterrupted) return line;
    if (line.kind == LineReader::Line::Kind::kEnd || line.text.empty()) break;
    turn.text += "\n" + line.text;
  }
  return turn;
}

Chat::Next Chat::take(const std::string& line) {
  if (line.find_first_not_of(" \t\n") == std::string::npos) return Next::kGoOn;
  if (is_command(line)) return take_command(line);
  take_turn(replace_ill_formed_utf8(line));
  return Next::kGoOn;
}

Chat::Next Chat::take_command(const std::string& line) {
  const std::string name = first_word(line);
  const std::size_t argument = line.find_first_not_of(' ', name.size());
  if (name == "/exit" || name == "/quit") return Next::kLeave;
  if (name == "/help") {
    say(kHelp);
  } else if (name == "/reset") {
    conversation_.forget();
    console_.note("The conversation is forgotten.");
  } else if (name == "/system") {
    const bool has_text = argument != std::string::npos;
    conversation_.set_system(has_text ? std::optional(line.substr(argument)) : std::nullopt);
    console_.note(has_text ? "The system message is set; the conversation starts anew."
                           : "There is no system message now; the conversation starts anew.");
  } else if (name == "/stats") {
    say(last_answer_ ? stats_text(*last_answer_) : "There is no answer yet.\n");
  } else {
    throw InvalidInput("unknown command " + quote(name) + did_you_mean(name, kCommands) +
                       "; /help lists them, and with a space before it, it is a message");
  }
  return Next::kGoOn;
}

/// Forgets the oldest turns where the conversation leaves no room for an answer.
std::vector<TokenId> Chat::prompt_that_fits() {
  const auto max_model_len = static_cast<std::size_t>(session_.engine->options().max_model_len);
  const std::size_t answer = std::min(static_cast<std::size_t>(params_.max_tokens), max_model_len / 4);
  Conversation::Encoded encoded = conversation_.encode(encoder_, max_model_len - answer);
  if (encoded.num_forgotten > 0) {
    console_.note("The conversation is longer than the context of " + std::to_string(max_model_len) +
                  " tokens: the model no longer sees its oldest " + std::to_string(encoded.num_forgotten) +
                  " messages.");
  }
  return std::move(encoded.prompt);
}

void Chat::take_turn(const std::string& text) {
  conversation_.add_user(text);
  std::shared_ptr<ResponseStream> stream;
  try {
    Request request{.prompt = prompt_that_fits(), .params = params_};
    request.report_window = show_window_ == AnswerView::ShowWindow::kYes;
    stream = session_.engine->submit(std::move(request));
  } catch (...) {
    conversation_.take_back();
    throw;
  }
  AnswerView view(console_, encoder_.tokenizer(), show_window_);
  last_answer_ = read_result(*stream, {.is_interrupted = [this] { return interrupts_.is_interrupted(); },
                                       .cancel = [&stream] { stream->cancel(); },
                                       .show = [&view](const StreamEvent& event) { view.show(event); }});
  view.finish();
  check_result(*last_answer_, "this turn");
  conversation_.add_assistant(last_answer_->text);

  const RequestStats& stats = last_answer_->stats;
  const bool is_cut = last_answer_->finish_reason == FinishReason::kLength;
  console_.note("[" + std::to_string(stats.generated_tokens) + " tokens, " + fixed(stats.speed(), 1) + " tokens/s, " +
                fixed(stats.tokens_per_forward(), 2) + " tokens per forward" +
                (is_cut ? "; cut off at the longest answer" : "") + "]");
}

int run_chat(const ChatOptions& options) {
  const Console console(options.output);
  Json template_arguments = options.template_flags.template_arguments();  // what is wrong with them is said first
  Session session = open_session(options.model, options.engine.engine_options(), console);
  if (!PromptEncoder(*session.model).has_chat_template()) {
    throw InvalidInput(session.model->folder().string() +
                       ": expected a chat template, found none; use wedlm generate --raw");
  }
  note_mode(options.sampling, *session.model, console);
  Chat(session, options, std::move(template_arguments), console).run();
  return 0;
}

}  // namespace

Command add_chat(CLI::App& program) {
  CLI::App* app = add_subcommand(
      program, "chat",
      "Talk with a model.\nLines that are piped in are turns of one conversation. /help lists the commands.");
  const auto options = std::make_shared<ChatOptions>();
  OptionGroup prompt(*app, "Prompt");
  prompt.text({.names = "-s,--system", .value = "TEXT", .text = "The system message."}, options->system);
  prompt.flag({.names = "--multiline", .text = "A message goes on to the next empty line."}, options->is_multiline);
  add_template_flags(prompt, options->template_flags);
  add_sampling_options(*app, options->sampling);
  add_decoding_options(*app, options->sampling);
  add_model_options(*app, options->model);
  add_engine_options(*app, options->engine);
  OptionGroup(*app, "Output")
      .flag({.names = "--show-window", .text = "Show the window of guesses after the text while it is filled."},
            options->show_window);
  add_output_options(*app, options->output);
  set_footer(*app, std::string("In the conversation:\n") + std::string(kHelp) +
                       "\n"
                       "Examples:\n"
                       "  wedlm chat\n"
                       "  wedlm chat --system \"Answer in one sentence.\" --preset balanced\n"
                       "  printf 'Count to 5\\nAnd on to 10\\n' | wedlm chat --quiet");
  return {.app = app, .run = [options] { return run_chat(*options); }};
}

}  // namespace wedlm::cli
