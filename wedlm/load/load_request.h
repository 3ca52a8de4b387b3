// One request of a run under way: what its response brings, and what it comes to.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "wedlm/load/answer_reader.h"
#include "wedlm/load/event_stream_reader.h"
#include "wedlm/load/http_client.h"
#include "wedlm/load/outcome.h"

namespace wedlm::load {

using LoadClock = std::chrono::steady_clock;

double seconds_between(LoadClock::time_point from, LoadClock::time_point to);

class LoadRequest {
 public:
  LoadRequest(std::int64_t index, bool is_streamed) : is_streamed_(is_streamed) { outcome_.index = index; }

  /// Called when it is sent.
  void begin() { sent_ = LoadClock::now(); }
  LoadClock::time_point sent() const { return sent_; }

  /// A piece of the response's body; false: what came cannot be an answer.
  bool take(const ResponseHead& head, std::string_view piece);
  /// The end of the response; all but `sent_seconds` and `wait_seconds` is known then.
  Outcome end(HttpEnding ending, const ResponseHead& head, const std::string& message);

 private:
  void take_events(const ResponseHead& head, std::string_view piece);
  void judge(HttpEnding ending, const ResponseHead& head, const std::string& message);
  void fail(Ending ending, std::string message);

  bool is_streamed_;
  LoadClock::time_point sent_;
  LoadClock::time_point done_;  // of the last event
  EventStreamReader events_;
  AnswerReader reader_;
  std::string body_;     // of an error, or of an answer that is not streamed
  std::string refusal_;  // why what came is no answer
  Outcome outcome_;
};

}  // namespace wedlm::load
