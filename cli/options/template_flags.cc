#include "cli/options/template_flags.h"

#include "wedlm/base/error.h"
#include "wedlm/base/quote.h"
#include "wedlm/frontend/prompt.h"
#include "wedlm/frontend/text_input.h"

namespace wedlm::cli {
namespace {

Json read_tools(const std::string& path) {
  const TextInput input = read_input(path);
  return parse_json(input.text, "--tools " + input.name);
}

/// The value as JSON where it is that, else as text.
JsonMember argument_of(const std::string& argument) {
  const std::size_t equals = argument.find('=');
  if (equals == 0 || equals == std::string::npos) {
    throw InvalidInput("--template-arg: expected NAME=VALUE, got " + quote(argument));
  }
  const std::string value = argument.substr(equals + 1);
  JsonMember member{.key = argument.substr(0, equals), .value = value};
  try {
    member.value = parse_json(value, "--template-arg");
  } catch (const InvalidInput&) {  // a text, then
  }
  return member;
}

}  // namespace

Json TemplateFlags::template_arguments() const {
  Json request = Json::object({}), further = Json::object({});
  if (tools) request.set("tools", read_tools(*tools));
  if (think) request.set("enable_thinking", *think == "on");
  for (const std::string& argument : arguments) {
    JsonMember member = argument_of(argument);
    further.set(member.key, std::move(member.value));
  }
  request.set("chat_template_kwargs", std::move(further));
  return template_arguments_of_json(request, "the chat template's options");
}

void add_template_flags(OptionGroup& group, TemplateFlags& flags) {
  group.choice({.names = "--think",
                .value = "on|off",
                .text = "Whether the model thinks before it answers, where its chat template knows enable_thinking.",
                .default_text = "as the template does"},
               flags.think);
  group.path(
      {.names = "--tools",
       .value = "FILE",
       .text = "A JSON file with the tools that the model may call: an array of objects, as in OpenAI's requests."},
      flags.tools);
  group.texts(
      {.names = "--template-arg",
       .value = "NAME=VALUE",
       .text = "A further argument of the chat template, JSON or text. May be repeated. What a .jsonl line says "
               "itself wins over these options."},
      flags.arguments);
}

}  // namespace wedlm::cli
