#include "cli/options/prompts.h"

#include "cli/options/option_group.h"
#include "cli/terminal/terminal.h"
#include "wedlm/base/error.h"
#include "wedlm/frontend/text_input.h"

namespace wedlm::cli {
namespace {

PromptForm form_of(const PromptOptions& options) {
  return options.raw ? PromptForm::kRaw : PromptForm::kChat;
}

PromptLine prompt_of_line(std::string_view line, const std::string& source, const PromptOptions& options) {
  const Json object = parse_json(line, source);
  PromptLine read{.prompt = prompt_of_json(object, source), .object = object};
  if (options.raw) {
    if (!read.prompt.messages.is_null()) {
      throw InvalidInput(source + ": messages need the chat template, which --raw leaves out");
    }
    read.prompt.form = PromptForm::kRaw;
  }
  return read;
}

std::vector<PromptLine> prompts_of_lines(const TextInput& input, const PromptOptions& options) {
  std::vector<PromptLine> prompts;
  for_each_line(input, [&](std::string_view line, const std::string& source) {
    prompts.push_back(prompt_of_line(line, source, options));
  });
  return prompts;
}

/// The lines of a text file, each a prompt.
std::vector<PromptLine> prompts_of_text_lines(const TextInput& input, const PromptOptions& options) {
  std::vector<PromptLine> prompts;
  for_each_line(input, [&](std::string_view line, const std::string& source) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    prompts.push_back({.prompt = {.source = source, .form = form_of(options), .text = std::string(line)}});
  });
  return prompts;
}

/// The newline that ends the last line of a text file is no part of a question; a raw prompt is taken to the byte.
std::string without_last_newline(std::string text, bool raw) {
  if (!raw && text.ends_with('\n')) text.pop_back();
  if (!raw && text.ends_with('\r')) text.pop_back();
  return text;
}

std::vector<PromptLine> prompts_of_input(const PromptOptions& options) {
  if (!options.file && is_input_terminal()) {
    throw InvalidInput("no prompt: give one with -p TEXT or --file FILE, or pipe a text in");
  }
  TextInput input = read_input(options.file);
  if (options.file && options.file->ends_with(".jsonl")) return prompts_of_lines(input, options);
  return {{.prompt = {.source = input.name,
                      .form = form_of(options),
                      .text = without_last_newline(std::move(input.text), options.raw)}}};
}

std::vector<PromptLine> prompts_of_options(const PromptOptions& options) {
  if (!options.texts.empty() && options.file) throw InvalidInput("give either --prompt or --file, not both");
  if (options.texts.empty()) return prompts_of_input(options);
  std::vector<PromptLine> prompts;
  for (const std::string& text : options.texts) {
    const std::string number = options.texts.size() > 1 ? " " + std::to_string(prompts.size() + 1) : "";
    prompts.push_back({.prompt = {.source = "prompt" + number, .form = form_of(options), .text = text}});
  }
  return prompts;
}

void check_template_is_wanted(const PromptOptions& options) {
  if (!options.raw) return;
  const char* option = options.system                       ? "--system"
                       : options.template_flags.think       ? "--think"
                       : options.template_flags.tools       ? "--tools"
                       : options.template_flags.are_given() ? "--template-arg"
                                                            : nullptr;
  if (option == nullptr) return;
  throw InvalidInput(std::string(option) + " needs the chat template, which --raw leaves out; give one of them");
}

/// With the system message; at least one, and none of them empty.
std::vector<PromptLine> completed(std::vector<PromptLine> prompts, const PromptOptions& options) {
  if (prompts.empty()) {
    throw InvalidInput(options.file.value_or("standard input") +
                       ": expected at least one line with a prompt, found none");
  }
  const Json template_arguments = options.template_flags.template_arguments();
  for (PromptLine& line : prompts) {
    Prompt& prompt = line.prompt;
    if (prompt.messages.is_null() && prompt.token_ids.empty() && prompt.text.empty()) {
      throw InvalidInput(prompt.source + ": expected a text, got an empty one");
    }
    prompt = with_template_arguments(std::move(prompt), template_arguments);
    if (options.system) prompt = with_system_message(std::move(prompt), *options.system);
  }
  return prompts;
}

}  // namespace

void add_prompt_options(CLI::App& app, PromptOptions& options) {
  OptionGroup group(app, "Prompt");
  group.texts({.names = "-p,--prompt", .value = "TEXT", .text = "What to ask. May be repeated: all run as one batch."},
              options.texts);
  group.path({.names = "-f,--file",
              .value = "FILE",
              .text = "Read the prompt from a file, `-` for standard input. A .jsonl file has one prompt a line, "
                      "{\"prompt\": ...} or {\"messages\": [...]}, and all run as one batch."},
             options.file);
  group.text({.names = "-s,--system", .value = "TEXT", .text = "The system message."}, options.system);
  group.flag({.names = "--raw",
              .text = "Give the prompt to the model as it is, without the chat template. Special tokens in it count."},
             options.raw);
  add_template_flags(group, options.template_flags);
}

std::vector<PromptLine> read_prompt_lines(const PromptOptions& options) {
  check_template_is_wanted(options);
  const bool has_lines = options.file && !options.file->ends_with(".jsonl");
  return completed(has_lines ? prompts_of_text_lines(read_input(options.file), options) : prompts_of_options(options),
                   options);
}

std::vector<Prompt> read_prompts(const PromptOptions& options) {
  check_template_is_wanted(options);
  std::vector<Prompt> prompts;
  for (PromptLine& line : completed(prompts_of_options(options), options)) prompts.push_back(std::move(line.prompt));
  return prompts;
}

}  // namespace wedlm::cli
