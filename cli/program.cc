#include "cli/program.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <new>

#include "cli/commands/commands.h"
#include "cli/options/config_file.h"
#include "cli/options/help_format.h"
#include "cli/terminal/exit_codes.h"
#include "cli/terminal/interrupts.h"
#include "cli/terminal/terminal.h"
#include "cli/version.h"
#include "wedlm/base/error.h"
#include "wedlm/base/named.h"
#include "wedlm/base/quote.h"

namespace wedlm::cli {
namespace {

std::vector<std::string> names_of_options(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

std::vector<std::string> names_of_commands(const CLI::App& program) {
  std::vector<std::string> names;
  for (const CLI::App* app : program.get_subcommands({})) names.push_back(app->get_name());
  return names;
}

/// What to say about words that no option took.
std::string unexpected_words(const CLI::App& program) {
  const std::vector<CLI::App*> chosen = program.get_subcommands();
  const std::vector<std::string> words = program.remaining(true);
  const auto option = std::find_if(words.begin(), words.end(), [](const std::string& w) { return w.starts_with('-'); });
  const std::string word = option != words.end() ? *option : words.front();
  if (chosen.empty()) {
    const bool is_option = word.starts_with('-');
    return (is_option ? "unknown option " : "unknown command ") + quote(word) +
           did_you_mean(word, is_option ? names_of_options(program) : names_of_commands(program)) +
           "; `wedlm --help` lists the commands";
  }
  const CLI::App& command = *chosen.front();
  const std::string help = "`wedlm " + command.get_name() + " --help` lists the options";
  if (word.starts_with('-')) {
    const std::string name = word.substr(0, word.find('='));
    return "unknown option " + quote(name) + did_you_mean(name, names_of_options(command)) + "; " + help;
  }
  const bool takes_prompt = command.get_option_no_throw("--prompt") != nullptr;
  return "unexpected argument " + quote(word) +
         (takes_prompt ? "; a prompt follows -p, in quotation marks" : "; " + help);
}

int fail(std::string_view message, int exit_code) {
  const bool with_color = wants_color(Stream::kErr, false);
  write(Stream::kErr, styled(Style::kError, "wedlm:", with_color) + " " + on_one_line(message) + "\n");
  return exit_code;
}

/// Runs `body` and turns what it throws into a line and an exit code.
int with_exit_code(const std::function<int()>& body) {
  try {
    return body();
  } catch (const ClosedPipe&) {
    return kExitClosedPipe;
  } catch (const InvalidInput& error) {
    return fail(error.what(), kExitInvalidInput);
  } catch (const ResourceError& error) {
    return fail(error.what(), kExitResourceError);
  } catch (const std::bad_alloc&) {
    return fail("not enough memory for this; a shorter context, fewer sequences or a smaller --cache-size need less",
                kExitResourceError);
  } catch (const std::exception& error) {
    return fail(std::string("internal error: ") + error.what(), kExitInternalError);
  }
}

int parse_and_run(CLI::App& program, const std::vector<Command>& commands, std::vector<std::string> arguments) {
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
  try {
    program.parse(std::move(arguments));
  } catch (const CLI::CallForHelp&) {
    write(Stream::kOut, program.help());
    return 0;
  } catch (const CLI::CallForVersion&) {
    write(Stream::kOut, program.version() + "\n");
    return 0;
  } catch (const CLI::ExtrasError&) {
    throw InvalidInput(unexpected_words(program));
  } catch (const CLI::ParseError& error) {
    throw InvalidInput(error.what());
  }
  for (const Command& command : commands) {
    if (command.app->parsed()) return command.run();
  }
  write(Stream::kOut, program.help());
  return 0;
}

/// `wedlm help chat` is `wedlm chat --help`.
std::vector<std::string> with_help_as_option(const CLI::App& program, std::vector<std::string> arguments) {
  if (arguments.empty() || arguments.front() != "help") return arguments;
  arguments.erase(arguments.begin());
  const std::vector<std::string> commands = names_of_commands(program);
  if (!arguments.empty() && std::find(commands.begin(), commands.end(), arguments.front()) == commands.end()) {
    throw InvalidInput("unknown command " + quote(arguments.front()) + did_you_mean(arguments.front(), commands) +
                       "; `wedlm --help` lists the commands");
  }
  arguments.emplace_back("--help");
  return arguments;
}

}  // namespace

int run_program(int argc, char** argv, TrainFunction* train) {
  use_utf8_locale();
  install_signal_handlers();
  return with_exit_code([=] {
    CLI::App program("Runs WeDLM diffusion language models.", "wedlm");
    use_help_format(program);
    program.require_subcommand(0, 1);
    program.set_help_flag("-h,--help", "Show this help.");
    program.set_version_flag("--version", version_text, "Show the version, and what this build has.");
    program.footer(
        "`wedlm COMMAND --help` explains a command and shows examples.\n"
        "\n"
        "Start here:\n"
        "  wedlm generate -p \"Count from 1 to 20.\"\n"
        "  wedlm chat\n"
        "  wedlm serve");
    const std::vector<Command> commands = {add_generate(program),
                                           add_chat(program),
                                           add_serve(program),
                                           add_load(program),
                                           add_benchmark(program),
                                           add_sweep(program),
                                           add_bench(program),
                                           add_info(program),
                                           add_verify(program),
                                           add_quantize(program),
                                           add_export(program),
                                           add_merge(program),
                                           add_tokenize(program),
                                           add_template(program),
                                           add_train(program, {.train = train, .argv = argv}),
                                           add_train_tokenizer(program),
                                           add_completion(program)};
    return parse_and_run(program, commands,
                         with_config(program, with_help_as_option(program, {argv + std::min(argc, 1), argv + argc})));
  });
}

}  // namespace wedlm::cli
