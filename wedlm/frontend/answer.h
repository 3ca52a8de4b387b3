// What came back, with the speeds that follow from it, and as JSON: the same words at every door.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "wedlm/base/json.h"
#include "wedlm/engine/request.h"

namespace wedlm {

struct Answer {
  Result result{};

  /// Generated tokens over the whole time from the first forward to the end.
  double speed() const;
  /// Prompt tokens computed, over the time until the first decoding forward has ended; 0 where it took none.
  double prefill_speed() const;
  /// Tokens that later forwards gave than the first decoding one: those that decode_seconds was spent on.
  std::int64_t num_later_tokens() const;
  /// These tokens over that time; 0 where it took none.
  double decode_speed() const;
};

/// Throws InternalError where the request's step failed; `source` names the prompt.
void check_answer(const Answer& answer, const std::string& source);

/// The object that `generate --json` prints for one prompt, described in docs/command-line.md.
Json answer_json(const Answer& answer, std::size_t index);

/// Reads what answer_json() writes; figures that follow from others are not read, unknown members are ignored. Throws
/// InvalidInput naming the member.
Answer answer_of_json(const Json& json);

}  // namespace wedlm
