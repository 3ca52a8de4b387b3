// `wedlm tokenize`: text to token ids. Needs a folder's tokenizer files and nothing else of it.
#include <memory>

#include "cli/commands/commands.h"
#include "cli/options/model_folder.h"
#include "cli/options/option_group.h"
#include "cli/options/subcommand.h"
#include "cli/terminal/console.h"
#include "wedlm/base/error.h"
#include "wedlm/base/quote.h"
#include "wedlm/frontend/text_input.h"
#include "wedlm/text/tokenizer.h"

namespace wedlm::cli {
namespace {

struct TokenizeOptions {
  ModelFolder model;
  OutputOptions output;
  std::vector<std::string> texts;
  std::optional<std::string> file;
  bool jsonl = false;
};

Json ids_json(const std::vector<TokenId>& ids) {
  Json::Array array;
  for (const TokenId id : ids) array.emplace_back(id);
  return array;
}

Json tokens_json(const Tokenizer& tokenizer, const std::vector<TokenId>& ids) {
  return Json::object({{"ids", ids_json(ids)}, {"decoded", tokenizer.decode(ids, SpecialOutput::kShow)}});
}

/// A line of ids, then one for each token with its text as a JSON string.
std::string tokens_text(const Tokenizer& tokenizer, const std::vector<TokenId>& ids) {
  std::string line, pieces;
  for (const TokenId id : ids) {
    line += (line.empty() ? "" : " ") + std::to_string(id);
    std::string number = std::to_string(id);
    number.insert(0, number.size() < 8 ? 8 - number.size() : 0, ' ');
    pieces += number + "  " + quote(tokenizer.token_bytes(id)) + "\n";
  }
  return line + "\n" + pieces;
}

void tokenize_lines(const Tokenizer& tokenizer, const TextInput& input, const Console& console) {
  std::string out;
  for_each_line(input, [&](std::string_view line, const std::string& name) {
    const Json object = parse_json(line, name);
    const Json* text = object.find("text");
    if (text == nullptr || !text->is_string()) {
      throw InvalidInput(name + ": expected an object with a string named text, got " + shown(object));
    }
    out += write_json(tokens_json(tokenizer, tokenizer.encode_whole(text->as_string()))) + "\n";
    constexpr std::size_t kEnoughToPrint = 1 << 16;
    if (out.size() < kEnoughToPrint) return;
    console.print(out);
    out.clear();
  });
  console.print(out);
}

int run_tokenize(const TokenizeOptions& options) {
  const Console console(options.output);
  if (!options.texts.empty() && options.file) throw InvalidInput("give either --prompt or --file, not both");
  if (options.jsonl && !options.texts.empty()) {
    throw InvalidInput("--jsonl reads a file or standard input; leave --prompt out");
  }
  if (options.texts.empty() && !options.file && is_input_terminal()) {
    throw InvalidInput("no text: give one with -p TEXT or --file FILE, or pipe it in");
  }
  const Tokenizer tokenizer = Tokenizer::load(options.model.folder());
  if (options.jsonl) {
    tokenize_lines(tokenizer, read_input(options.file), console);
    return 0;
  }
  std::vector<std::string> texts = options.texts;
  if (texts.empty()) texts.push_back(read_input(options.file).text);
  for (const std::string& text : texts) {
    const std::vector<TokenId> ids = tokenizer.encode_whole(text);
    console.print(options.output.json ? write_json(tokens_json(tokenizer, ids)) + "\n" : tokens_text(tokenizer, ids));
  }
  return 0;
}

}  // namespace

Command add_tokenize(CLI::App& program) {
  CLI::App* app =
      add_subcommand(program, "tokenize",
                     "Show the token ids of a text.\nSpecial tokens in the text count as such, as in Hugging "
                     "Face's tokenizers, and what "
                     "the tokenizer adds to a whole text is added. Text "
                     "is taken to the byte, a last newline too. Only the folder's tokenizer files are read.");
  const auto options = std::make_shared<TokenizeOptions>();
  OptionGroup group(*app, "Text");
  group.texts({.names = "-p,--prompt", .value = "TEXT", .text = "The text. May be repeated."}, options->texts);
  group.path({.names = "-f,--file", .value = "FILE", .text = "Read the text from a file, `-` for standard input."},
             options->file);
  group.flag(
      {.names = "--jsonl",
       .text = "Read one JSON object {\"text\": ...} a line and print {\"ids\": [...], \"decoded\": ...} for each."},
      options->jsonl);
  add_model_option(*app, options->model);
  OptionGroup(*app, "Output")
      .flag({.names = "--json", .text = "Print ids and decoded text as a JSON object."}, options->output.json);
  set_footer(*app,
             "Examples:\n"
             "  wedlm tokenize -p \"Hello, world\"\n"
             "  printf '<|im_start|>user' | wedlm tokenize\n"
             "  wedlm tokenize --jsonl < texts.jsonl");
  return {.app = app, .run = [options] { return run_tokenize(*options); }};
}

}  // namespace wedlm::cli
