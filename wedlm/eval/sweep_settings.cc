#include "wedlm/eval/sweep_settings.h"

#include <algorithm>
#include <array>
#include <optional>
#include <sstream>

#include "wedlm/base/error.h"
#include "wedlm/base/named.h"
#include "wedlm/base/quote.h"

namespace wedlm {
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
constexpr std::array kSymbols = {
    Named{std::string_view("τ"), "entropy-threshold"},  Named{std::string_view("λ"), "pos-penalty"},
    Named{std::string_view("b"), "window-size"},        Named{std::string_view("draft"), "draft-threshold"},
    Named{std::string_view("at most"), "max-per-step"}, Named{std::string_view(""), "preset"},
};

/// "entropy-threshold=0.4": an option and its value, which a switch has not.
struct Word {
  explicit Word(const std::string& text) {
    const std::size_t equals = std::min(text.find('='), text.size());
    name = text.substr(0, equals);
    if (equals < text.size()) value = text.substr(equals + 1);
  }

  std::string name;
  std::optional<std::string> value;
};

std::vector<std::string> words_of(std::string_view text) {
  std::istringstream stream{std::string(text)};
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

/// The mode is no option of a setting: it is the first word. What is sampled is common to all settings.
bool may_be_set(const SamplingOption& option) {
  return option.section != OptionSection::kSampling && option.json_name != "mode";
}

const SamplingOption& option_of(const Word& word) {
  const SamplingOption* option = find_command_line_option(word.name);
  if (option != nullptr && may_be_set(*option)) return *option;
  std::vector<std::string> known;
  std::string list;
  for (const SamplingOption& one : sampling_options()) {
    if (!may_be_set(one)) continue;
    known.emplace_back(one.name);
    list += (list.empty() ? "" : ", ") + known.back();
  }
  throw InvalidInput("unknown option " + quote(word.name) + did_you_mean(word.name, known) +
                     "; known after the mode are " + list);
}

void give(const Word& word, SamplingSettings& settings) {
  const SamplingOption& option = option_of(word);
  try {
    if (option.is_switch() && word.value) throw InvalidInput("expected no value, got " + quote(*word.value));
    if (!option.is_switch() && !word.value) throw InvalidInput("expected a value after an equals sign");
    settings.give_text(option, word.value.value_or(""));
  } catch (const InvalidInput& error) {
    throw InvalidInput(word.name + ": " + error.what());
  }
}

/// "entropy-threshold=0.4" as "τ 0.4".
std::string short_text(const Word& word) {
  const std::string_view name = option_of(word).name;
  const auto symbol = std::ranges::find(kSymbols, name, &Named<std::string_view>::name);
  const std::string text(symbol == kSymbols.end() ? name : symbol->value);
  return text + (text.empty() || !word.value ? "" : " ") + word.value.value_or("");
}

}  // namespace

NamedSettings parse_setting(std::string_view text, const SamplingSettings& common) {
  const std::vector<std::string> words = words_of(text);
  try {
    if (words.empty()) throw InvalidInput("expected a mode and options, such as streaming entropy-threshold=0.4");
    NamedSettings setting{.name = {.text = words.front(), .mode = words.front()}, .settings = common};
    setting.settings.give_text(*find_command_line_option("mode"), words.front());
    for (std::size_t i = 1; i < words.size(); ++i) {
      const Word word(words[i]);
      give(word, setting.settings);
      setting.name.text += " " + words[i];
      setting.name.short_text += (i > 1 ? ", " : "") + short_text(word);
    }
    if (setting.name.short_text.empty()) setting.name.short_text = setting.name.mode;
    return setting;
  } catch (const InvalidInput& error) {
    throw InvalidInput("setting " + quote(text) + ": " + error.what());
  }
}

std::vector<NamedSettings> sweep_settings(const std::vector<std::string>& texts, const SamplingSettings& common) {
  std::vector<NamedSettings> settings = {parse_setting(mode_name(DecodeMode::kAutoregressive), common)};
  const std::vector<std::string> defaults(kDefaultSettings.begin(), kDefaultSettings.end());
  for (const std::string& text : texts.empty() ? defaults : texts) {
    NamedSettings setting = parse_setting(text, common);
    if (!setting.is_autoregressive()) settings.push_back(std::move(setting));
  }
  return settings;
}

}  // namespace wedlm
