// Adds options of a few plain kinds to a subcommand: text, file, integer, number, size, choice, flag. It parses the
// value, and says in one line what was expected where it cannot; what a value means is the subcommand's business.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wedlm/base/named.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace wedlm::cli {

/// An integer in this range. Throws InvalidInput.
std::int64_t parse_signed(std::string_view value, std::int64_t min, std::int64_t max);

/// How an option is called and explained. A `value` of the form "a|b|c" lists all values that it takes.
struct OptionText {
  std::string names;           // "-n,--max-tokens"; without a dash it is an argument
  std::string value{};         // "N", "TEXT", "FILE", "FOLDER"; empty for flags
  std::string text;            // one or two sentences
  std::string default_text{};  // shown in the help
  std::string environment{};   // a variable that is read where the option is not given
};

/// Title of options that no help shows.
inline constexpr const char* kHidden = "";

/// A group of options under one title in a subcommand's help. Of a value given twice the last counts, but for texts().
/// What is given lands in the target, which must outlive the parsing. Values that cannot be parsed throw InvalidInput.
class OptionGroup {
 public:
  OptionGroup(CLI::App& app, std::string title) : app_(app), title_(std::move(title)) {}

  void flag(const OptionText& option, bool& target);
  /// The same for what is more than a bool; the option's name is put in front of an InvalidInput.
  void add_switch(const OptionText& option, const std::function<void()>& assign);
  /// UTF-8, at least that.
  void text(const OptionText& option, std::optional<std::string>& target);
  /// The same, given any number of times.
  void texts(const OptionText& option, std::vector<std::string>& target);
  /// The name of a file or folder: any bytes but none at all.
  void path(const OptionText& option, std::optional<std::string>& target);
  void choice(const OptionText& option, std::optional<std::string>& target);
  void number(const OptionText& option, std::optional<double>& target);
  /// 1000, 512K, 512M, 1.5G: bytes in powers of 1024.
  void size(const OptionText& option, std::optional<std::size_t>& target);

  template <class Integer>
  void integer(const OptionText& option, std::optional<Integer>& target) {
    using Limits = std::numeric_limits<Integer>;
    add(option, [&target](std::string_view value) {
      target = static_cast<Integer>(parse_signed(value, Limits::min(), Limits::max()));
    });
  }

  /// For a kind of its own: `assign` throws InvalidInput for a value it cannot take; the option's name is put in front.
  using Assign = std::function<void(std::string_view value)>;
  void add(const OptionText& option, Assign assign);
  void add_repeated(const OptionText& option, Assign assign);

 private:
  void describe(CLI::Option& option, const OptionText& text) const;

  CLI::App& app_;
  std::string title_;
};

/// A number as people write it: "0.4", "1e-3". Throws InvalidInput.
double parse_number(std::string_view value);

/// A size in bytes as size() takes it. Throws InvalidInput.
std::size_t parse_size(std::string_view value);

template <class Target, class Value>
void set_if_given(Target& target, const std::optional<Value>& value) {
  if (value) target = static_cast<Target>(*value);
}

/// Throws InvalidInput that names the option.
void check_at_least(const char* name, std::int64_t least, const std::optional<std::int32_t>& value);

/// The members of "a|b|c"; empty where the text is not such a list.
std::vector<std::string> choices_of(std::string_view value_name);

}  // namespace wedlm::cli
