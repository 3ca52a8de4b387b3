// Waiting for an answer while it is shown, and what is said about it afterwards.
#pragma once

#include <functional>
#include <string>

#include "cli/terminal/interrupts.h"
#include "wedlm/base/json.h"
#include "wedlm/engine/request.h"
#include "wedlm/engine/response_stream.h"

namespace wedlm::cli {

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

/// Gives each event to `show` as it comes, until the end. After Ctrl-C it calls `cancel` once and takes what is left.
Answer read_answer(ResponseStream& stream, const InterruptGuard& interrupts,
                   const std::function<void(const StreamEvent& event)>& show, const std::function<void()>& cancel);

/// Throws InternalError where the request's step failed; `source` names the prompt.
void check_answer(const Answer& answer, const std::string& source);

/// The object that --json prints for one prompt, described in docs/command-line.md.
Json answer_json(const Answer& answer, std::size_t index);

/// Lines for a person.
std::string stats_text(const Answer& answer);

}  // namespace wedlm::cli
