// `wedlm template`: what a chat template makes of messages. Needs a template and nothing else of a model.
#include <memory>

#include "cli/commands/commands.h"
#include "cli/options/model_folder.h"
#include "cli/options/option_group.h"
#include "cli/options/subcommand.h"
#include "cli/options/template_flags.h"
#include "cli/terminal/console.h"
#include "wedlm/base/error.h"
#include "wedlm/base/quote.h"
#include "wedlm/frontend/text_input.h"
#include "wedlm/text/chat_template.h"

namespace wedlm::cli {
namespace {

struct TemplateOptions {
  ModelFolder model;
  OutputOptions output;
  std::optional<std::string> template_file;
  std::optional<std::string> file;
  bool jsonl = false;
  TemplateFlags flags;
};

ChatTemplate load_template(const TemplateOptions& options) {
  if (options.template_file) {
    const TextInput source = read_input(options.template_file);
    return ChatTemplate(source.text, source.name);
  }
  const std::filesystem::path folder = options.model.folder();
  std::optional<ChatTemplate> found = ChatTemplate::load(folder);
  if (!found)
    throw InvalidInput(folder.string() + ": expected a chat template, found none; name a file with --template");
  return std::move(*found);
}

Json variables_of(std::string_view text, const std::string& name, const Json& template_arguments) {
  Json variables = parse_json(text, name);
  if (!variables.is_object()) {
    throw InvalidInput(name + ": expected an object with messages, got " + shown(variables));
  }
  for (const JsonMember& argument : template_arguments.as_object()) {
    if (variables.find(argument.key) == nullptr) variables.set(argument.key, argument.value);
  }
  return variables;
}

int run_template(const TemplateOptions& options) {
  const Console console(options.output);
  if (!options.file && is_input_terminal()) {
    throw InvalidInput("no messages: pipe a JSON object in, or name a file with --file");
  }
  const ChatTemplate chat_template = load_template(options);
  const TextInput input = read_input(options.file);
  const Json template_arguments = options.flags.template_arguments();
  if (!options.jsonl) {
    console.print(chat_template.render(variables_of(input.text, input.name, template_arguments)));
    return 0;
  }
  for_each_line(input, [&](std::string_view line, const std::string& name) {
    const std::string rendered = chat_template.render(variables_of(line, name, template_arguments));
    console.print(write_json(Json::object({{"rendered", rendered}})) + "\n");
  });
  return 0;
}

}  // namespace

Command add_template(CLI::App& program) {
  CLI::App* app = add_subcommand(
      program, "template",
      "Render a chat template.\nReads a JSON object with messages and, if wanted, tools, add_generation_prompt and "
      "further variables, and prints the text exactly: no newline is added.");
  const auto options = std::make_shared<TemplateOptions>();
  OptionGroup group(*app, "Text");
  group.path({.names = "-f,--file",
              .value = "FILE",
              .text = "Read the object from a file, `-` for standard input.",
              .default_text = "-"},
             options->file);
  group.path({.names = "--template",
              .value = "FILE",
              .text = "A file with a Jinja template.",
              .default_text = "the model's template"},
             options->template_file);
  group.flag({.names = "--jsonl", .text = "Read one object a line and print {\"rendered\": ...} for each."},
             options->jsonl);
  add_template_flags(group, options->flags);
  add_model_option(*app, options->model);
  set_footer(
      *app,
      "Example:\n"
      "  echo '{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}], \"add_generation_prompt\": true}' | wedlm "
      "template");
  return {.app = app, .run = [options] { return run_template(*options); }};
}

}  // namespace wedlm::cli
