#include "wedlm/decode/option_values.h"

#include <algorithm>
#include <cmath>

#include "wedlm/base/error.h"
#include "wedlm/base/number_text.h"
#include "wedlm/base/quote.h"

namespace wedlm {
namespace {

bool takes_numbers(OptionKind kind) {
  return kind == OptionKind::kNumber || kind == OptionKind::kInteger || kind == OptionKind::kIntegers;
}

bool is_text(const Json& value) {
  return value.is_string() && !value.as_string().empty() &&
         replace_ill_formed_utf8(value.as_string()) == value.as_string();
}

/// As one, or as an array of them.
template <class Predicate>
bool each_is(const Json& value, const Predicate& predicate) {
  return value.is_array() ? std::ranges::all_of(value.as_array(), predicate) : predicate(value);
}

/// {"15043": -2.5}
bool is_biases(const Json& value, const NumberRange& range) {
  if (!value.is_object()) return false;
  return std::ranges::all_of(value.as_object(), [&](const JsonMember& member) {
    const auto id = parse_whole<TokenId>(member.key);
    return id && *id >= 0 && member.value.is_number() && range.contains(member.value.as_number());
  });
}

/// What "15043=-2.5", "15043-2.5" and "15043+1" stand for; null for another text.
Json bias_of_text(std::string_view text) {
  const std::size_t num_digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::string_view id = text.substr(0, num_digits);
  std::string_view bias = text.substr(num_digits);
  if (bias.starts_with('=')) {
    bias.remove_prefix(1);
  } else if (!bias.starts_with('+') && !bias.starts_with('-')) {
    return {};
  }
  if (bias.starts_with('+')) {
    bias.remove_prefix(1);
    if (bias.starts_with('-')) return {};
  }
  const auto number = parse_whole<double>(bias);
  return id.empty() || !number || !std::isfinite(*number) ? Json() : Json::object({{std::string(id), *number}});
}

bool is_absent_name(const SamplingOption& option, const Json& value) {
  return !option.absent_name.empty() && value == Json(option.absent_name);
}

bool fits(const SamplingOption& option, const Json& value) {
  const auto is_integer = [&](const Json& one) {
    return one.is_integer() && option.range.contains(static_cast<double>(one.as_integer()));
  };
  if (is_absent_name(option, value)) return true;
  switch (option.field.kind) {
    case OptionKind::kNumber:  // in the precision that it will have
      return value.is_number() && option.range.contains(static_cast<double>(static_cast<float>(value.as_number())));
    case OptionKind::kInteger:
      return is_integer(value);
    case OptionKind::kBoolean:
      return value.is_bool();
    case OptionKind::kName:
      return value.is_string() && std::ranges::count(option.field.names(), value.as_string()) > 0;
    case OptionKind::kTexts:
      return each_is(value, is_text);
    case OptionKind::kIntegers:
      return each_is(value, is_integer);
    case OptionKind::kBiases:
      return is_biases(value, option.range);
  }
  return false;
}

std::string expected_kind(const SamplingOption& option) {
  switch (option.field.kind) {
    case OptionKind::kNumber:
      return option.range.text("a number");
    case OptionKind::kInteger:
      return option.range.text("an integer");
    case OptionKind::kBoolean:
      return "true or false";
    case OptionKind::kName:
      break;
    case OptionKind::kTexts:
      return "UTF-8 text that is not empty";
    case OptionKind::kIntegers:
      return option.range.text("token ids, each an integer");
    case OptionKind::kBiases:
      return "a token id and a bias, such as 15043=-2.5 (in JSON {\"15043\": -2.5}), the bias " +
             option.range.text("a number");
  }
  std::string text = "one of";
  for (const std::string_view name : option.field.names()) text += (text.size() > 6 ? ", " : " ") + std::string(name);
  return text;
}

/// As a person writes it: text without quotation marks, numbers in their fewest digits.
std::string plain_text(const Json& value) {
  if (value.is_string()) return value.as_string();
  return value.is_number() ? shortest(value.as_number()) : write_json(value);
}

}  // namespace

Json value_of_text(const SamplingOption& option, std::string_view text) {
  if (takes_numbers(option.field.kind)) {
    if (const auto integer = parse_whole<std::int64_t>(text)) return *integer;
    if (const auto number = parse_whole<double>(text); number && std::isfinite(*number)) return *number;
  }
  if (option.field.kind == OptionKind::kBiases) {
    if (Json biases = bias_of_text(text); !biases.is_null()) return biases;
  }
  if (option.field.kind == OptionKind::kBoolean && (text == "true" || text == "false")) return text == "true";
  return text;
}

std::string expected_text(const SamplingOption& option) {
  return expected_kind(option) + (option.absent_name.empty() ? "" : ", or " + std::string(option.absent_name));
}

void check_value(const SamplingOption& option, const Json& value) {
  if (fits(option, value)) return;
  const std::string got = value.is_number() ? shortest(value.as_number()) : shown(value);
  throw InvalidInput("expected " + expected_text(option) + ", got " + got);
}

void set_option(const SamplingOption& option, const Json& value, SamplingParams& params) {
  check_value(option, value);
  option.field.set(params, is_absent_name(option, value) ? Json() : value);
}

Json added(const SamplingOption& option, const Json& value, const Json& before) {
  if (option.field.kind == OptionKind::kBiases) {
    if (before.is_null()) return value;
    Json all = value;
    for (const JsonMember& member : before.as_object()) {
      if (value.find(member.key) == nullptr) all.set(member.key, member.value);
    }
    return all;
  }
  Json::Array all;
  if (!before.is_null()) all = before.is_array() ? before.as_array() : Json::Array{before};
  all.push_back(value);
  return all;
}

Json option_value(const SamplingOption& option, const SamplingParams& params) {
  Json value = option.field.get(params);
  if (value.is_null() && !option.absent_name.empty()) return option.absent_name;
  return value;
}

std::string default_text(const SamplingOption& option) {
  if (!option.default_text.empty()) return std::string(option.default_text);
  const Json value = option.field.get(SamplingParams());
  if (option.is_switch() || value.is_null() || value.is_array() || value.is_object()) return "";
  return (option.suggested_by == SuggestedBy::kCheckpoint ? "the model's suggestion, else " : "") + plain_text(value);
}

}  // namespace wedlm
