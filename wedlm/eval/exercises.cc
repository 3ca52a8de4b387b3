#include "wedlm/eval/exercises.h"

#include <algorithm>
#include <array>

#include "wedlm/base/error.h"
#include "wedlm/base/named.h"
#include "wedlm/base/quote.h"

namespace wedlm {
namespace {

constexpr std::array kJudges = {Named{Judge::kLastNumber, "last-number"}, Named{Judge::kWholeText, "whole-text"}};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// Without white space at the ends and without a last full stop: "1, 2. " and "1, 2" are one text.
std::string_view sentence(std::string_view text) {
  text = trimmed(text);
  if (text.ends_with('.')) text.remove_suffix(1);
  return trimmed(text);
}

/// A comma with exactly three digits after it separates thousands.
bool is_thousands_comma(std::string_view text, std::size_t at) {
  std::size_t num_digits = 0;
  while (at + 1 + num_digits < text.size() && is_digit(text[at + 1 + num_digits])) ++num_digits;
  return text[at] == ',' && num_digits == 3;
}

/// The digits of a number that begins at `at`, and the first position after it.
std::pair<std::string, std::size_t> read_number(std::string_view text, std::size_t at) {
  std::string digits;
  bool has_point = false;
  for (; at < text.size(); ++at) {
    if (is_digit(text[at])) {
      digits += text[at];
    } else if (text[at] == '.' && !has_point && at + 1 < text.size() && is_digit(text[at + 1])) {
      digits += '.';
      has_point = true;
    } else if (has_point || !is_thousands_comma(text, at)) {
      break;
    }
  }
  if (has_point) {
    while (digits.back() == '0') digits.pop_back();
    if (digits.back() == '.') digits.pop_back();
  }
  std::size_t num_zeros = 0;
  while (num_zeros + 1 < digits.size() && digits[num_zeros] == '0' && is_digit(digits[num_zeros + 1])) ++num_zeros;
  return {digits.substr(num_zeros), at};
}

/// Whether a number at `at` has a sign: a minus in front, perhaps with a dollar between, that is no operator.
bool has_minus(std::string_view text, std::size_t at) {
  if (at > 0 && text[at - 1] == '$') --at;
  if (at == 0 || text[at - 1] != '-') return false;
  if (at == 1) return true;
  const char before = text[at - 2];
  return is_space(before) || before == '=' || before == '(' || before == ':' || before == '$';
}

Judge parse_judge(const Json& name, std::string_view source) {
  const std::string what = std::string(source) + ": judge";
  if (!name.is_string()) throw InvalidInput(what + ": expected a name, got " + shown(name));
  return parse_named(what, name.as_string(), kJudges);
}

Judge judge_of_answer(std::string_view answer) {
  const std::size_t mark = answer.rfind("####");
  const std::string_view number = trimmed(mark == std::string_view::npos ? answer : answer.substr(mark + 4));
  const bool is_number = !number.empty() && std::all_of(number.begin(), number.end(), [](char c) {
    return is_digit(c) || c == '.' || c == ',' || c == '-' || c == '$';
  });
  return is_number && last_number(number) ? Judge::kLastNumber : Judge::kWholeText;
}

}  // namespace

std::string_view judge_name(Judge judge) {
  return name_of(judge, kJudges);
}

std::optional<KnownAnswer> known_answer(const Json& object, std::string_view source) {
  const Json* answer = object.find("answer");
  if (answer == nullptr) return std::nullopt;
  if (!answer->is_string() && !answer->is_number()) {
    throw InvalidInput(std::string(source) + ": answer: expected a text or a number, got " + shown(*answer));
  }
  KnownAnswer known{.answer = answer->is_string() ? answer->as_string() : write_json(*answer)};
  if (const Json* kind = object.find("kind"); kind != nullptr) {
    if (!kind->is_string()) {
      throw InvalidInput(std::string(source) + ": kind: expected a text, got " + shown(*kind));
    }
    known.kind = kind->as_string();
  }
  const Json* judge = object.find("judge");
  known.judge = judge == nullptr ? judge_of_answer(known.answer) : parse_judge(*judge, source);
  if (sentence(known.answer).empty() || (known.judge == Judge::kLastNumber && !last_number(known.answer))) {
    throw InvalidInput(std::string(source) + ": answer: expected " +
                       (known.judge == Judge::kLastNumber ? "a number" : "a text that is not empty") + ", got " +
                       shown(*answer));
  }
  return known;
}

bool is_right(const KnownAnswer& known, std::string_view text) {
  switch (known.judge) {
    case Judge::kLastNumber: {
      const std::optional<std::string> number = last_number(text);
      return number && number == last_number(known.answer);
    }
    case Judge::kWholeText:
      return sentence(text) == sentence(known.answer);
  }
  throw InternalError("exercises: an unknown judge");
}

std::optional<std::string> last_number(std::string_view text) {
  std::optional<std::string> last;
  for (std::size_t at = 0; at < text.size();) {
    if (!is_digit(text[at])) {
      ++at;
      continue;
    }
    const auto [digits, end] = read_number(text, at);
    last = (has_minus(text, at) && digits != "0" ? "-" : "") + digits;
    at = end;
  }
  return last;
}

}  // namespace wedlm
