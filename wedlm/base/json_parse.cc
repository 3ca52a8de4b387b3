// Parsing JSON. The library knows RFC 8259; what Python's json reads and writes besides is put in afterwards.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "wedlm/base/error.h"
#include "wedlm/base/json.h"
#include "wedlm/base/presence.h"
#include "wedlm/base/quote.h"

namespace wedlm {
namespace {

/// The numbers of a text that the library refuses and Python's json does not: NaN, Infinity, -Infinity and real numbers
/// past the range of double. The library is given a 0 and spaces in their place, so that what it says of places is
/// true.
class PythonNumbers {
 public:
  struct Found {
    std::size_t index;  // among all numbers of the text
    Json value;
  };

  explicit PythonNumbers(std::string_view text) : text_(text) {
    for (std::size_t i = 0; i < text.size();) {
      const char c = text[i];
      i += c == '"' ? string_length(text.substr(i)) : std::max(read_number(i), std::size_t{1});
    }
  }
  PythonNumbers(const PythonNumbers&) = delete;
  PythonNumbers& operator=(const PythonNumbers&) = delete;

  std::string_view text() const { return changed_.empty() ? text_ : std::string_view(changed_); }
  const std::vector<Found>& found() const { return found_; }

 private:
  static std::size_t string_length(std::string_view text) {
    for (std::size_t i = 1; i < text.size(); ++i) {
      if (text[i] == '"') return i + 1;
      if (text[i] == '\\') ++i;
    }
    return text.size();
  }

  /// The length of the number at this place; 0 where none begins.
  std::size_t read_number(std::size_t begin) {
    const std::string_view rest = text_.substr(begin);
    if (std::string_view("-NI0123456789").find(rest[0]) == std::string_view::npos) return 0;
    const bool begins_a_value =
        begin == 0 || std::string_view(" \t\n\r,:[").find(text_[begin - 1]) != std::string_view::npos;
    for (const auto& [word, value] : kWords) {
      if (begins_a_value && rest.starts_with(word)) return replace(begin, word.size(), value);
    }
    const std::size_t length = std::min(rest.find_first_not_of("0123456789+-.eE"), rest.size());
    const std::string number(rest.substr(0, length));
    if (length > 0 && is_past_double(number)) {
      const bool is_integer = number.find_first_of(".eE") == std::string::npos;
      return replace(begin, length, is_integer ? Json::integer_of_digits(number) : Json::overflow(number));
    }
    num_numbers_ += length > 0 ? 1 : 0;
    return length;
  }

  static bool is_past_double(const std::string& number) {
    constexpr std::size_t kSurelyFinite = 300;  // digits
    if (number.size() <= kSurelyFinite && number.find_first_of("eE") == std::string::npos) return false;
    return std::isinf(std::strtod(number.c_str(), nullptr)) && is_well_formed(number);
  }

  static bool is_well_formed(std::string_view number) {
    const auto take = [&number](std::string_view one_of) {
      const bool found = !number.empty() && one_of.find(number[0]) != std::string_view::npos;
      if (found) number.remove_prefix(1);
      return found;
    };
    const auto take_digits = [&take] {
      bool found = false;
      while (take("0123456789")) found = true;
      return found;
    };
    take("-");
    if (!take("0") && !take_digits()) return false;
    if (take(".") && !take_digits()) return false;
    if (take("eE")) {
      take("+-");
      if (!take_digits()) return false;
    }
    return number.empty();
  }

  std::size_t replace(std::size_t begin, std::size_t length, Json value) {
    if (changed_.empty()) changed_ = text_;
    changed_.replace(begin, length, length, ' ');
    changed_[begin] = '0';
    found_.push_back({num_numbers_++, std::move(value)});
    return length;
  }

  static constexpr double kInfinity = std::numeric_limits<double>::infinity();
  static constexpr std::pair<std::string_view, double> kWords[] = {
      {"NaN", std::numeric_limits<double>::quiet_NaN()}, {"Infinity", kInfinity}, {"-Infinity", -kInfinity}};

  std::string_view text_;
  std::string changed_;  // empty where nothing had to be
  std::vector<Found> found_;
  std::size_t num_numbers_ = 0;
};

/// Builds the value from the library's events, without recursion; throws at the first thing that is refused.
class TreeBuilder final : public nlohmann::json_sax<nlohmann::json> {
 public:
  TreeBuilder(std::string_view what, JsonLimits limits, const PythonNumbers& numbers)
      : what_(what), limits_(limits), next_number_(numbers.found().begin()), last_number_(numbers.found().end()) {}

  Json take() { return std::move(root_); }

  bool null() override { return add(Json()); }
  bool boolean(bool value) override { return add(Json(value)); }
  bool number_integer(number_integer_t value) override { return add_number(Json(std::int64_t{value})); }
  bool number_unsigned(number_unsigned_t value) override { return add_number(Json(std::uint64_t{value})); }
  bool number_float(number_float_t value, const string_t& text) override {
    // The library takes an integer past 64 bits for a real number.
    return add_number(text.find_first_of(".eE") == std::string::npos ? Json::integer_of_digits(text) : Json(value));
  }
  bool string(string_t& value) override { return add(Json(std::move(value))); }
  bool binary(binary_t&) override { return false; }

  bool start_object(std::size_t) override { return open(Level{.is_object = true}); }
  bool start_array(std::size_t) override { return open(Level{.is_object = false}); }
  bool key(string_t& value) override {
    levels_.back().key = std::move(value);
    return true;
  }
  bool end_object() override {
    Level level = std::move(levels_.back());
    levels_.pop_back();
    check_duplicates(level.members);
    return add(Json(std::move(level.members)));
  }
  bool end_array() override {
    Level level = std::move(levels_.back());
    levels_.pop_back();
    return add(Json(std::move(level.items)));
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& error) override {
    // The library's text begins with its own error number in brackets; the rest says where and why.
    std::string_view text = error.what();
    if (const auto bracket = text.find("] "); bracket != std::string_view::npos) text.remove_prefix(bracket + 2);
    throw InvalidInput(what_ + ": not valid JSON: " + shortened(text));
  }

 private:
  struct Level {
    bool is_object = false;
    std::string key{};
    Json::Array items{};
    Json::Object members{};
  };

  bool open(Level level) {
    if (static_cast<int>(levels_.size()) >= limits_.max_depth) {
      throw InvalidInput(what_ + ": JSON nested deeper than " + std::to_string(limits_.max_depth) + " levels");
    }
    levels_.push_back(std::move(level));
    return true;
  }

  bool add_number(Json value) {
    const std::size_t index = num_numbers_++;
    if (next_number_ == last_number_ || next_number_->index != index) return add(std::move(value));
    return add((next_number_++)->value);
  }

  bool add(Json value) {
    if (levels_.empty()) {
      root_ = std::move(value);
    } else if (Level& level = levels_.back(); level.is_object) {
      level.members.push_back({std::move(level.key), std::move(value)});
    } else {
      level.items.push_back(std::move(value));
    }
    return true;
  }

  void check_duplicates(const Json::Object& members) const {
    std::unordered_set<std::string_view> keys;
    keys.reserve(members.size());
    for (const JsonMember& member : members) {
      if (!keys.insert(member.key).second) {
        throw InvalidInput(what_ + ": key " + quote(member.key) + " stands twice in one JSON object");
      }
    }
  }

  std::string what_;
  JsonLimits limits_;
  std::size_t num_numbers_ = 0;
  std::vector<PythonNumbers::Found>::const_iterator next_number_, last_number_;
  std::vector<Level> levels_;
  Json root_;
};

}  // namespace

Json parse_json(std::string_view text, std::string_view what, JsonLimits limits) {
  refuse_lfs_pointer(text, what);
  const PythonNumbers numbers(text);
  TreeBuilder builder(what, limits, numbers);
  nlohmann::json::sax_parse(numbers.text().begin(), numbers.text().end(), &builder);
  return builder.take();
}

}  // namespace wedlm
