#include "cli/options/config_file.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <optional>

#include "cli/options/option_group.h"
#include "wedlm/base/error.h"
#include "wedlm/base/json.h"
#include "wedlm/base/named.h"
#include "wedlm/base/quote.h"
#include "wedlm/frontend/text_input.h"

namespace wedlm::cli {
namespace {

constexpr const char* kConfig = "--config";

std::string variable_of(const std::string& option_name) {
  std::string variable = "WEDLM_" + option_name;
  for (char& letter : variable) letter = letter == '-' ? '_' : static_cast<char>(std::toupper(letter));
  return variable;
}

bool is_set(const std::string& variable) {
  const char* value = variable.empty() ? nullptr : std::getenv(variable.c_str());
  return value != nullptr && *value != '\0';
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(" \t\r"), text.size());
  return text.substr(begin, text.find_last_not_of(" \t\r") + 1 - begin);
}

std::string value_of(std::string_view text) {
  return text.starts_with('"') ? parse_json(text, "the value").as_string() : std::string(text);
}

const CLI::Option& find_option(const CLI::App& app, const std::string& name) {
  const CLI::Option* option = app.get_option_no_throw("--" + name);
  if (option != nullptr && "--" + name != kConfig) return *option;
  std::vector<std::string> names;
  for (const CLI::Option* one : app.get_options()) {
    names.insert(names.end(), one->get_lnames().begin(), one->get_lnames().end());
  }
  throw InvalidInput("unknown option " + quote(name) + did_you_mean(name, names));
}

/// The words that a line stands for; none where the environment knows better or a switch is off.
std::vector<std::string> words_of(const CLI::App& app, std::string_view line) {
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos) throw InvalidInput("expected NAME = VALUE, got " + quote(line));
  const std::string name(trimmed(line.substr(0, equals)));
  const std::string value = value_of(trimmed(line.substr(equals + 1)));
  const CLI::Option& option = find_option(app, name);
  if (is_set(option.get_envname())) return {};
  if (option.get_items_expected_max() > 0) return {"--" + name + "=" + value};
  if (value == "true") return {"--" + name};
  if (value == "false") return {};
  throw InvalidInput(name + ": expected true or false, got " + quote(value));
}

std::optional<std::string> config_path(const std::vector<std::string>& arguments) {
  const std::string prefix = std::string(kConfig) + "=";
  std::optional<std::string> path;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i].starts_with(prefix)) path = arguments[i].substr(prefix.size());
    if (arguments[i] == kConfig && i + 1 < arguments.size()) path = arguments[i + 1];
  }
  if (!path && is_set(variable_of("config"))) path = std::getenv(variable_of("config").c_str());
  return path;
}

}  // namespace

void add_config_option(CLI::App& app) {
  for (CLI::Option* option : app.get_options([](const CLI::Option*) { return true; })) {
    if (option->get_lnames().empty() || !option->get_envname().empty()) continue;
    if (option->get_lnames().front() != "help") option->envname(variable_of(option->get_lnames().front()));
  }
  OptionGroup(app, "Server")
      .add({.names = kConfig,
            .value = "FILE",
            .text = "Read options from this file, one a line as max-queue = 64. The command line "
                    "wins over the environment, and that over the file.",
            .environment = variable_of("config")},
           [](std::string_view) {});
}

std::vector<std::string> with_config(const CLI::App& program, std::vector<std::string> arguments) {
  if (arguments.empty()) return arguments;
  const std::vector<const CLI::App*> chosen =
      program.get_subcommands([&](const CLI::App* one) { return one->get_name() == arguments.front(); });
  if (chosen.empty() || chosen.front()->get_option_no_throw(kConfig) == nullptr) return arguments;
  const CLI::App& app = *chosen.front();
  const std::optional<std::string> path = config_path(arguments);
  if (!path) return arguments;
  std::vector<std::string> words;
  for_each_line(read_input(*path), [&](std::string_view line, const std::string& name) {
    line = trimmed(line);
    if (line.starts_with('#')) return;
    try {
      for (std::string& word : words_of(app, line)) words.push_back(std::move(word));
    } catch (const InvalidInput& error) {
      throw InvalidInput(name + ": " + error.what());
    }
  });
  arguments.insert(arguments.begin() + 1, words.begin(), words.end());
  return arguments;
}

}  // namespace wedlm::cli
