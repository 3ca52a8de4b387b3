#include "wedlm/base/json.h"

#include <limits>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "wedlm/base/error.h"
#include "wedlm/base/quote.h"

namespace wedlm {

Json::Json() = default;
Json::Json(std::nullptr_t) {}
Json::Json(bool value) : value_(value) {}
Json::Json(int value) : value_(std::int64_t{value}) {}
Json::Json(std::int64_t value) : value_(value) {}
Json::Json(double value) : value_(value) {}
Json::Json(const char* value) : value_(std::string(value)) {}
Json::Json(std::string_view value) : value_(std::string(value)) {}
Json::Json(std::string value) : value_(std::move(value)) {}
Json::Json(Array value) : value_(std::move(value)) {}
Json::Json(Object value) : value_(std::move(value)) {}

Json::Json(std::uint64_t value) {
  if (value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    value_ = static_cast<std::int64_t>(value);
  } else {
    value_ = static_cast<double>(value);
  }
}

Json Json::object(std::initializer_list<JsonMember> members) {
  return Json(Object(members));
}

std::string_view Json::kind() const {
  static constexpr std::string_view kNames[] = {"null",     "a boolean", "an integer", "a number",
                                                "a string", "an array",  "an object"};
  return kNames[value_.index()];
}

namespace {

[[noreturn]] void throw_kind(std::string_view expected, const Json& got) {
  throw InvalidInput("expected " + std::string(expected) + ", got " + std::string(got.kind()));
}

}  // namespace

bool Json::as_bool() const {
  if (const auto* value = std::get_if<bool>(&value_)) return *value;
  throw_kind("a boolean", *this);
}

std::int64_t Json::as_integer() const {
  if (const auto* value = std::get_if<std::int64_t>(&value_)) return *value;
  throw_kind("an integer", *this);
}

double Json::as_number() const {
  if (const auto* value = std::get_if<std::int64_t>(&value_)) return static_cast<double>(*value);
  if (const auto* value = std::get_if<double>(&value_)) return *value;
  throw_kind("a number", *this);
}

const std::string& Json::as_string() const {
  if (const auto* value = std::get_if<std::string>(&value_)) return *value;
  throw_kind("a string", *this);
}

const Json::Array& Json::as_array() const {
  if (const auto* value = std::get_if<Array>(&value_)) return *value;
  throw_kind("an array", *this);
}

const Json::Object& Json::as_object() const {
  if (const auto* value = std::get_if<Object>(&value_)) return *value;
  throw_kind("an object", *this);
}

const Json* Json::find(std::string_view key) const {
  const auto* members = std::get_if<Object>(&value_);
  if (members == nullptr) return nullptr;
  for (const JsonMember& member : *members) {
    if (member.key == key) return &member.value;
  }
  return nullptr;
}

const Json& Json::at(std::string_view key) const {
  as_object();
  if (const Json* value = find(key)) return *value;
  throw InvalidInput("missing key '" + std::string(key) + "'");
}

void Json::set(std::string key, Json value) {
  if (is_null()) value_ = Object{};
  if (!is_object()) throw_kind("an object", *this);
  std::get<Object>(value_).push_back({std::move(key), std::move(value)});
}

bool Json::operator==(const Json& other) const {
  return value_ == other.value_;
}

namespace {

/// Builds the value from the library's events, without recursion; throws at the first thing that is refused.
class TreeBuilder final : public nlohmann::json_sax<nlohmann::json> {
 public:
  TreeBuilder(std::string_view what, JsonLimits limits) : what_(what), limits_(limits) {}

  Json take() { return std::move(root_); }

  bool null() override { return add(Json()); }
  bool boolean(bool value) override { return add(Json(value)); }
  bool number_integer(number_integer_t value) override { return add(Json(std::int64_t{value})); }
  bool number_unsigned(number_unsigned_t value) override { return add(Json(std::uint64_t{value})); }
  bool number_float(number_float_t value, const string_t&) override { return add(Json(value)); }
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
  std::vector<Level> levels_;
  Json root_;
};

}  // namespace

Json parse_json(std::string_view text, std::string_view what, JsonLimits limits) {
  TreeBuilder builder(what, limits);
  nlohmann::json::sax_parse(text.begin(), text.end(), &builder);
  return builder.take();
}

}  // namespace wedlm
