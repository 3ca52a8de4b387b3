// `wedlm completion`: scripts that complete the command line in bash, zsh and fish, written from the declared
// subcommands and options themselves.
#include <CLI/CLI.hpp>
#include <memory>

#include "cli/commands/commands.h"
#include "cli/options/option_group.h"
#include "cli/terminal/console.h"
#include "wedlm/base/error.h"

namespace wedlm::cli {
namespace {

std::vector<std::string> names_of(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  return names;
}

/// Those that the help shows too.
std::vector<const CLI::Option*> options_of(const CLI::App& app) {
  return app.get_options([](const CLI::Option* option) { return option->get_group() != kHidden; });
}

/// The first sentence, in single quotation marks for a shell.
std::string quoted_summary(const std::string& text) {
  std::string out = "'";
  for (const char c : text.substr(0, text.find_first_of(".:\n"))) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

bool takes_file(const CLI::Option& option) {
  const std::string value = option.get_type_name();
  return value == "FILE" || value == "FOLDER" || value == "MODEL";
}

std::string bash_script(const CLI::App& program) {
  std::vector<std::string> commands;
  std::string words, values;
  for (const CLI::App* app : program.get_subcommands({})) {
    commands.push_back(app->get_name());
    std::vector<std::string> options;
    for (const CLI::Option* option : options_of(*app)) {
      const std::vector<std::string> names = names_of(*option);
      options.insert(options.end(), names.begin(), names.end());
      const std::vector<std::string> choices = choices_of(option->get_type_name());
      if (names.empty() || option->get_type_size() == 0) {
        if (names.empty() && !choices.empty()) options.insert(options.end(), choices.begin(), choices.end());
        continue;
      }
      std::string pattern;
      for (const std::string& name : names) {
        if (!pattern.empty()) pattern += '|';
        pattern.append(app->get_name()).append(":").append(name);
      }
      const std::string found = !choices.empty()
                                    ? "COMPREPLY=($(compgen -W '" + joined(choices, " ") + "' -- \"$word\"))"
                                : takes_file(*option) ? "COMPREPLY=($(compgen -f -- \"$word\"))"
                                                      : "COMPREPLY=()";
      values.append("    ").append(pattern).append(") ").append(found).append("; return ;;\n");
    }
    words.append("    ").append(app->get_name()).append(") words='").append(joined(options, " ")).append("' ;;\n");
  }
  return "# bash completion for wedlm: source <(wedlm completion bash)\n"
         "_wedlm() {\n"
         "  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]} words\n"
         "  if ((COMP_CWORD == 1)); then\n"
         "    COMPREPLY=($(compgen -W '" +
         joined(commands, " ") +
         " help --help --version' -- \"$word\"))\n"
         "    return\n"
         "  fi\n"
         "  case $command:$previous in\n" +
         values + "    help:*) COMPREPLY=($(compgen -W '" + joined(commands, " ") +
         "' -- \"$word\")); return ;;\n"
         "  esac\n"
         "  case $command in\n" +
         words +
         "  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
         "}\n"
         "complete -o default -F _wedlm wedlm\n";
}

/// An option as zsh's _arguments takes it: '*--name[text]:value:action'.
std::string zsh_argument(const CLI::Option& option, const std::string& name) {
  std::string text = quoted_summary(option.get_description());
  text = text.substr(1, text.size() - 2);
  for (std::size_t at = 0; (at = text.find_first_of("[]", at)) != std::string::npos; at += 2) text.insert(at, "\\");
  std::string argument = name.empty() ? "'1" : "'*" + name + "[" + text + "]";
  if (option.get_type_size() == 0) return argument + "'";
  const std::vector<std::string> choices = choices_of(option.get_type_name());
  argument += ":" + (choices.empty() ? option.get_type_name() : "value") + ":";
  if (!choices.empty()) {
    argument += "(" + joined(choices, " ") + ")";
  } else if (takes_file(option)) {
    argument += "_files";
  }
  return argument + "'";
}

std::string zsh_script(const CLI::App& program) {
  std::string commands, cases;
  for (const CLI::App* app : program.get_subcommands({})) {
    std::string summary = quoted_summary(app->get_description());
    commands += "    '" + app->get_name() + ":" + summary.substr(1) + "\n";
    cases += "    " + app->get_name() + ") _arguments";
    for (const CLI::Option* option : options_of(*app)) {
      if (option->get_positional()) cases += " \\\n      " + zsh_argument(*option, "");
      for (const std::string& name : names_of(*option)) cases += " \\\n      " + zsh_argument(*option, name);
    }
    cases += " ;;\n";
  }
  return "#compdef wedlm\n"
         "# zsh completion for wedlm: wedlm completion zsh > \"${fpath[1]}/_wedlm\"\n"
         "_wedlm() {\n"
         "  local -a commands\n"
         "  commands=(\n" +
         commands +
         "  )\n"
         "  if ((CURRENT == 2)); then\n"
         "    _describe command commands\n"
         "    return\n"
         "  fi\n"
         "  shift words\n"
         "  ((CURRENT--))\n"
         "  case $words[1] in\n" +
         cases +
         "  esac\n"
         "}\n"
         "if [ \"$funcstack[1]\" = _wedlm ]; then\n"
         "  _wedlm \"$@\"\n"
         "else\n"
         "  compdef _wedlm wedlm\n"
         "fi\n";
}

std::string fish_script(const CLI::App& program) {
  std::string out =
      "# fish completion for wedlm: wedlm completion fish > ~/.config/fish/completions/wedlm.fish\n"
      "complete -c wedlm -f\n";
  for (const CLI::App* app : program.get_subcommands({})) {
    out += "complete -c wedlm -n __fish_use_subcommand -a " + app->get_name() + " -d " +
           quoted_summary(app->get_description()) + "\n";
    const std::string condition = "complete -c wedlm -n '__fish_seen_subcommand_from " + app->get_name() + "'";
    for (const CLI::Option* option : options_of(*app)) {
      std::string line = condition;
      for (const std::string& name : option->get_snames()) line += " -s " + name;
      for (const std::string& name : option->get_lnames()) line += " -l " + name;
      const std::vector<std::string> choices = choices_of(option->get_type_name());
      if (!choices.empty()) line += " -a '" + joined(choices, " ") + "'";
      if (option->get_type_size() != 0 && !option->get_positional()) line += takes_file(*option) ? " -r -F" : " -x";
      out += line + " -d " + quoted_summary(option->get_description()) + "\n";
    }
  }
  return out;
}

int run_completion(const CLI::App& program, const std::optional<std::string>& shell) {
  if (!shell) throw InvalidInput("expected a shell: wedlm completion bash, zsh or fish");
  const Console console(OutputOptions{});
  console.print(*shell == "bash" ? bash_script(program) : *shell == "zsh" ? zsh_script(program) : fish_script(program));
  return 0;
}

}  // namespace

Command add_completion(CLI::App& program) {
  CLI::App* app = program.add_subcommand("completion", "Print a script that completes wedlm's commands in a shell.");
  const auto shell = std::make_shared<std::optional<std::string>>();
  OptionGroup(*app, "Shell").choice({.names = "SHELL", .value = "bash|zsh|fish", .text = "The shell."}, *shell);
  app->footer(
      "Examples:\n"
      "  source <(wedlm completion bash)\n"
      "  wedlm completion zsh > \"${fpath[1]}/_wedlm\"\n"
      "  wedlm completion fish > ~/.config/fish/completions/wedlm.fish");
  return {.app = app, .run = [&program, shell] { return run_completion(program, *shell); }};
}

}  // namespace wedlm::cli
