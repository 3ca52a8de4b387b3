// Waiting for an answer while it is shown, and what a person is told about it afterwards.
#pragma once

#include <functional>
#include <string>

#include "cli/terminal/interrupts.h"
#include "wedlm/engine/response_stream.h"
#include "wedlm/frontend/answer.h"

namespace wedlm::cli {

/// Gives each event to `show` as it comes, until the end. After Ctrl-C it calls `cancel` once and takes what is left.
Answer read_answer(ResponseStream& stream, const InterruptGuard& interrupts,
                   const std::function<void(const StreamEvent& event)>& show, const std::function<void()>& cancel);

/// Lines for a person.
std::string stats_text(const Answer& answer);

}  // namespace wedlm::cli
