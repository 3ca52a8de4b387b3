// `wedlm train-tokenizer`: a tokenizer from texts.
#include <limits>
#include <memory>

#include "cli/commands/commands.h"
#include "cli/options/option_group.h"
#include "cli/options/output_options.h"
#include "cli/options/subcommand.h"
#include "cli/terminal/console_watcher.h"
#include "wedlm/base/error.h"
#include "wedlm/base/number_text.h"
#include "wedlm/frontend/text_input.h"
#include "wedlm/train/tokenizer/tokenizer_trainer.h"

namespace wedlm::cli {
namespace {

constexpr std::int64_t kMostTokens = 1 << 20;

struct TokenizerFlags {
  std::vector<std::filesystem::path> files;
  std::optional<std::string> out;
  std::optional<std::string> template_file;
  train::TokenizerOptions options;
  bool force = false;
  OutputOptions output;
};

void report(const train::TrainedTokenizer& trained, const TokenizerFlags& flags, const Console& console) {
  if (trained.report.num_bad_lines > 0) {
    console.note(bad_lines_text(trained.report));
  }
  if (trained.vocab_size() < flags.options.vocab_size) {
    console.note("Fewer tokens than asked for: no other pair occurs " + std::to_string(flags.options.min_count) +
                 " times");
  }
  const double bytes_per_token =
      static_cast<double>(trained.num_bytes) / static_cast<double>(trained.pairs.num_tokens_of_words);
  console.note("Wrote " + *flags.out + ": " + count_text(static_cast<double>(trained.num_words)) +
               " different words of " + size_text(static_cast<double>(trained.num_bytes)) + " came to " +
               fixed(bytes_per_token, 2) + " bytes a token");
  console.print(std::to_string(trained.vocab_size()) + " tokens\n");
}

int run_train_tokenizer(TokenizerFlags& flags) {
  const Console console(flags.output);
  if (flags.files.empty()) throw InvalidInput("name training data: --data FILE");
  if (!flags.out) throw InvalidInput("name the folder to write: -o FOLDER");
  if (flags.template_file) flags.options.chat_template = read_input(flags.template_file).text;
  try {
    const InterruptGuard interrupts(std::numeric_limits<int>::max());
    ConsoleWatcher watcher(console, interrupts);
    const train::TrainedTokenizer trained = train_tokenizer(flags.files, flags.options, watcher.watcher());
    write_tokenizer(*flags.out, flags.force ? Existing::kReplace : Existing::kRefuse, trained.pairs,
                    flags.options.chat_template);
    report(trained, flags, console);
  } catch (const Interrupted&) {
    console.note("Interrupted; nothing was written");
    return kExitInterrupted;
  }
  return 0;
}

void add_options(CLI::App& app, TokenizerFlags& flags) {
  OptionGroup data(app, "Data");
  data.add_repeated(
      {.names = "-d,--data",
       .value = "FILE",
       .text = "Training data, any number of files, as wedlm train takes them: .jsonl with a conversation, "
               "{\"prompt\", \"completion\"} or {\"text\"} a line, or a plain text."},
      [&flags](std::string_view given) { flags.files.emplace_back(given); });
  data.add_switch({.names = "--skip-bad-lines", .text = "Leave out lines that are no training data, and count them."},
                  [&flags] { flags.options.bad_lines = train::BadLines::kSkip; });
  OptionGroup tokenizer(app, "Tokenizer");
  tokenizer.add({.names = "--vocab-size",
                 .value = "N",
                 .text = "Tokens in all, of which 256 are bytes and 4 special ones.",
                 .default_text = std::to_string(flags.options.vocab_size)},
                [&flags](std::string_view given) {
                  flags.options.vocab_size = static_cast<std::size_t>(parse_signed(given, 1, kMostTokens));
                });
  tokenizer.add({.names = "--min-frequency",
                 .value = "N",
                 .text = "How often two tokens have to stand side by side to become one.",
                 .default_text = std::to_string(flags.options.min_count)},
                [&flags](std::string_view given) {
                  flags.options.min_count = parse_signed(given, 1, std::numeric_limits<std::int64_t>::max());
                });
  tokenizer.path({.names = "--template",
                  .value = "FILE",
                  .text = "The chat template, in Jinja, by which conversations are read and which the tokenizer gets.",
                  .default_text = "ChatML"},
                 flags.template_file);
  OptionGroup folder(app, "Folder");
  folder.path({.names = "-o,--out", .value = "FOLDER", .text = "The folder to write."}, flags.out);
  folder.flag({.names = "--force", .text = "Replace it where it has a tokenizer and nothing else."}, flags.force);
  add_output_options(app, flags.output);
}

}  // namespace

Command add_train_tokenizer(CLI::App& program) {
  CLI::App* app = add_subcommand(
      program, "train-tokenizer",
      "Train a tokenizer for a model from nothing.\nByte-level byte-pair encoding as Qwen's tokenizers have it, "
      "learned from the data that the model will be trained on. A small model with a large vocabulary is mostly "
      "embeddings. Writes tokenizer.json and tokenizer_config.json with chat template, end and mask tokens, which "
      "wedlm and Hugging Face's libraries load.");
  const auto flags = std::make_shared<TokenizerFlags>();
  add_options(*app, *flags);
  set_footer(*app,
             "Examples:\n"
             "  wedlm train-tokenizer -d texts.jsonl -d book.txt --vocab-size 8192 -o my-tokenizer\n"
             "  wedlm tokenize -m my-tokenizer -p \"How many tokens?\"\n"
             "  wedlm train --shape shape.json --tokenizer my-tokenizer -d texts.jsonl -o small --learning-rate 1e-3");
  return {.app = app, .run = [flags] { return run_train_tokenizer(*flags); }};
}

}  // namespace wedlm::cli
