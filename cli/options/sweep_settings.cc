#include "cli/options/sweep_settings.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <sstream>

#include "wedlm/base/error.h"
#include "wedlm/base/named.h"
#include "wedlm/base/quote.h"

namespace wedlm::cli {
namespace {

constexpr std::array kDefaultSettings = {
    "streaming entropy-threshold=0.1",
    "streaming entropy-threshold=0.2",
    "streaming entropy-threshold=0.4",
    "streaming entropy-threshold=0.8",
    "streaming block-wise",
    "exact",
    "gated",
};

/// What stands for an option beside a point; other options stand by their own names.
struct Symbol {
  std::string_view option;
  std::string_view text;
};
constexpr std::array kSymbols = {Symbol{"entropy-threshold", "τ"},  Symbol{"pos-penalty", "λ"},
                                 Symbol{"window-size", "b"},        Symbol{"window", "b"},
                                 Symbol{"block-size", "b"},         Symbol{"draft-threshold", "draft"},
                                 Symbol{"max-per-step", "at most"}, Symbol{"preset", ""}};

std::vector<std::string> words_of(std::string_view text) {
  std::istringstream stream{std::string(text)};
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

/// "entropy-threshold=0.4" as "τ 0.4".
std::string symbol_of(const std::string& word) {
  const std::size_t equals = std::min(word.find('='), word.size());
  std::string name = word.substr(0, equals);
  for (const Symbol& symbol : kSymbols) {
    if (symbol.option == name) name = symbol.text;
  }
  if (equals == word.size()) return name;
  return name + (name.empty() ? "" : " ") + word.substr(equals + 1);
}

SettingName name_of(const std::vector<std::string>& words) {
  SettingName name{.text = words.front(), .mode = words.front()};
  for (std::size_t i = 1; i < words.size(); ++i) {
    name.text += " " + words[i];
    name.short_text += (i > 1 ? ", " : "") + symbol_of(words[i]);
  }
  if (name.short_text.empty()) name.short_text = name.mode;
  return name;
}

/// The long names that a setting may use, without dashes. The mode is not among them: it is the first word.
std::vector<std::string> known_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    const std::vector<std::string>& long_names = option->get_lnames();
    if (long_names.front() != "mode" && long_names.front() != "autoregressive") names.push_back(long_names.front());
  }
  return names;
}

void check_known(const std::string& word, const CLI::App& app) {
  const std::string name = word.substr(0, word.find('='));
  std::vector<std::string> known = known_names(app);
  if (std::find(known.begin(), known.end(), name) != known.end()) return;
  for (const CLI::Option* option : app.get_options()) {
    const bool is_mode = option->check_name("--mode") || option->check_name("--autoregressive");
    if (!is_mode && option->check_name((name.size() == 1 ? "-" : "--") + name)) return;
  }
  std::string list;
  for (const std::string& one : known) list += (list.empty() ? "" : ", ") + one;
  throw InvalidInput("unknown option " + quote(name) + did_you_mean(name, known) +
                     "; known behind the mode are " + list);
}

void parse_options(const std::vector<std::string>& words, SamplingFlags& flags) {
  CLI::App app;
  app.set_help_flag();
  add_window_options(app, flags);
  std::vector<std::string> arguments;
  for (std::size_t i = 1; i < words.size(); ++i) {
    check_known(words[i], app);
    const bool is_short = words[i].find('=') == 1 || words[i].size() == 1;
    const std::string value = is_short && words[i].size() > 1 ? words[i].substr(2) : "";
    arguments.push_back(is_short ? "-" + words[i].substr(0, 1) + value : "--" + words[i]);
  }
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    throw InvalidInput(error.what());
  }
}

}  // namespace

SettingFlags parse_setting(std::string_view text, const SamplingFlags& common) {
  const std::vector<std::string> words = words_of(text);
  try {
    if (words.empty()) throw InvalidInput("expected a mode and options, such as streaming entropy-threshold=0.4");
    parse_mode(words.front());
    SettingFlags setting{.name = name_of(words), .flags = common};
    setting.flags.mode = words.front();
    parse_options(words, setting.flags);
    setting.flags.sampling_params({});
    return setting;
  } catch (const InvalidInput& error) {
    throw InvalidInput("setting " + quote(text) + ": " + error.what());
  }
}

std::vector<SettingFlags> sweep_settings(const std::vector<std::string>& texts, const SamplingFlags& common) {
  std::vector<SettingFlags> settings = {parse_setting(mode_name(DecodeMode::kAutoregressive), common)};
  const std::vector<std::string> defaults(kDefaultSettings.begin(), kDefaultSettings.end());
  for (const std::string& text : texts.empty() ? defaults : texts) {
    SettingFlags setting = parse_setting(text, common);
    if (!setting.is_autoregressive()) settings.push_back(std::move(setting));
  }
  return settings;
}

}  // namespace wedlm::cli
