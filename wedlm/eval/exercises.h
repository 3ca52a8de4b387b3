// Exercises with known answers: how a line of a file says what is right, and whether a text is. The rules are plain
// ones, so that anybody can check a verdict by eye. It reads no file and knows no prompt.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "wedlm/base/json.h"

namespace wedlm {

/// The rule that judges a text.
enum class Judge {
  kLastNumber,  // its last number equals the last number of the answer
  kWholeText,   // it is the answer, white space at the ends and a last full stop apart
};

/// "last-number", "whole-text".
std::string_view judge_name(Judge judge);

struct KnownAnswer {
  std::string answer;
  std::string kind{};  // "equations"; empty where the line names none
  Judge judge = Judge::kWholeText;
};

/// What an object says of its answer: {"answer": TEXT or number, "kind": TEXT, "judge": NAME}, of which only answer is
/// needed; nullopt without it. Where no judge is named, it is the last number for an answer that is a number or ends
/// with "#### NUMBER" (as GSM8K's do), and the whole text for any other. Throws InvalidInput, with `source` in front.
std::optional<KnownAnswer> known_answer(const Json& object, std::string_view source);

bool is_right(const KnownAnswer& known, std::string_view text);

/// The last number in a text, as digits alone: "It costs $1,234.50." gives "1234.5", "-07" gives "-7". A minus counts
/// where no letter, digit or space between words makes it a dash: "3 - 2" ends with 2, "x = -2" with -2.
std::optional<std::string> last_number(std::string_view text);

}  // namespace wedlm
