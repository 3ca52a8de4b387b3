#include "cli/options/option_group.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <utility>

#include "wedlm/base/error.h"
#include "wedlm/base/json.h"
#include "wedlm/base/named.h"
#include "wedlm/base/number_text.h"
#include "wedlm/base/quote.h"

namespace wedlm::cli {
namespace {

/// The name a message should use: the first long one.
std::string message_name(const std::string& names) {
  const std::size_t dashes = names.find("--");
  if (dashes == std::string::npos) return names;
  return names.substr(dashes, names.find(',', dashes) - dashes);
}

CLI::callback_t callback(const OptionText& option, OptionGroup::Assign assign) {
  return [name = message_name(option.names), assign = std::move(assign)](const CLI::results_t& values) {
    for (const std::string& value : values) {
      try {
        assign(value);
      } catch (const InvalidInput& error) {
        throw InvalidInput(name + ": " + error.what());
      }
    }
    return true;
  };
}

void check_utf8(std::string_view value) {
  if (replace_ill_formed_utf8(value) != value) throw InvalidInput("expected UTF-8 text, got " + quote(value));
}

}  // namespace

void check_at_least(const char* name, std::int64_t least, const std::optional<std::int32_t>& value) {
  if (value && *value < least) {
    throw InvalidInput(std::string(name) + ": expected at least " + std::to_string(least) + ", got " +
                       std::to_string(*value));
  }
}

std::vector<std::string> choices_of(std::string_view value_name) {
  std::vector<std::string> choices;
  if (value_name.find('|') == std::string_view::npos) return choices;
  while (!value_name.empty()) {
    const std::size_t bar = std::min(value_name.find('|'), value_name.size());
    choices.emplace_back(value_name.substr(0, bar));
    value_name.remove_prefix(std::min(bar + 1, value_name.size()));
  }
  return choices;
}

double parse_number(std::string_view value) {
  const std::optional<double> number = parse_whole<double>(value);
  if (!number || !std::isfinite(*number)) throw InvalidInput("expected a number, got " + quote(value));
  return *number;
}

std::size_t parse_size(std::string_view value) {
  const std::string expected = "expected a size such as 512M or 2G, got " + quote(value);
  std::string_view digits = value;
  double unit = 1;
  if (!digits.empty()) {
    const std::size_t power = std::string_view("KMGT").find(static_cast<char>(std::toupper(digits.back())));
    if (power != std::string_view::npos) {
      unit = std::pow(1024.0, static_cast<double>(power + 1));
      digits.remove_suffix(1);
    }
  }
  const std::optional<double> number = parse_whole<double>(digits);
  if (!number || !(*number > 0) || *number * unit > 0x1p62 || *number * unit < 1) throw InvalidInput(expected);
  return static_cast<std::size_t>(*number * unit);
}

std::int64_t parse_signed(std::string_view value, std::int64_t min, std::int64_t max) {
  const std::optional<std::int64_t> integer = parse_whole<std::int64_t>(value);
  if (!integer || *integer < min || *integer > max) {
    throw InvalidInput("expected an integer from " + std::to_string(min) + " to " + std::to_string(max) + ", got " +
                       quote(value));
  }
  return *integer;
}

void OptionGroup::describe(CLI::Option& option, const OptionText& text) const {
  option.group(title_)->type_name(text.value)->allow_extra_args(false);
  if (!text.default_text.empty()) option.default_str(text.default_text);
  if (!text.environment.empty()) option.envname(text.environment);
}

void OptionGroup::add(const OptionText& option, Assign assign) {
  CLI::Option* added = app_.add_option(option.names, callback(option, std::move(assign)), option.text);
  describe(*added->multi_option_policy(CLI::MultiOptionPolicy::TakeLast), option);
}

void OptionGroup::add_repeated(const OptionText& option, Assign assign) {
  CLI::Option* added = app_.add_option(option.names, callback(option, std::move(assign)), option.text);
  describe(*added->multi_option_policy(CLI::MultiOptionPolicy::TakeAll), option);
}

void OptionGroup::flag(const OptionText& option, bool& target) {
  add_switch(option, [&target] { target = true; });
}

void OptionGroup::add_switch(const OptionText& option, const std::function<void()>& assign) {
  const auto named = callback(option, [assign](std::string_view) { assign(); });
  CLI::Option* added = app_.add_flag_callback(
      option.names, [named] { named({""}); }, option.text);
  added->group(title_)->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)->disable_flag_override();
}

void OptionGroup::text(const OptionText& option, std::optional<std::string>& target) {
  add(option, [&target](std::string_view value) {
    check_utf8(value);
    target = std::string(value);
  });
}

void OptionGroup::texts(const OptionText& option, std::vector<std::string>& target) {
  add_repeated(option, [&target](std::string_view value) {
    check_utf8(value);
    target.emplace_back(value);
  });
}

void OptionGroup::path(const OptionText& option, std::optional<std::string>& target) {
  add(option, [&target](std::string_view value) {
    if (value.empty()) throw InvalidInput("expected a name, got an empty one");
    target = std::string(value);
  });
}

void OptionGroup::choice(const OptionText& option, std::optional<std::string>& target) {
  add(option, [&target, choices = choices_of(option.value)](std::string_view value) {
    if (std::find(choices.begin(), choices.end(), value) == choices.end()) {
      throw InvalidInput(unknown_name("", std::vector<std::string_view>(choices.begin(), choices.end()), value));
    }
    target = std::string(value);
  });
}

void OptionGroup::number(const OptionText& option, std::optional<double>& target) {
  add(option, [&target](std::string_view value) { target = parse_number(value); });
}

void OptionGroup::size(const OptionText& option, std::optional<std::size_t>& target) {
  add(option, [&target](std::string_view value) { target = parse_size(value); });
}

}  // namespace wedlm::cli
