#include "wedlm/load/load_request.h"

#include <algorithm>

#include "wedlm/base/error.h"
#include "wedlm/base/quote.h"

namespace wedlm::load {
namespace {

constexpr std::size_t kMaxErrorBytes = std::size_t{64} << 10;
constexpr std::size_t kMaxAnswerBytes = std::size_t{64} << 20;

bool is_success(int status) {
  return status / 100 == 2;
}

}  // namespace

double seconds_between(LoadClock::time_point from, LoadClock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

bool LoadRequest::take(const ResponseHead& head, std::string_view piece) {
  try {
    if (!is_success(head.status)) {
      body_ += piece.substr(0, kMaxErrorBytes - std::min(kMaxErrorBytes, body_.size()));
    } else if (is_streamed_) {
      take_events(head, piece);
    } else {
      body_ += piece;
      if (body_.size() > kMaxAnswerBytes) throw InvalidInput("expected an answer of at most 64 MB, got a longer one");
    }
  } catch (const InvalidInput& error) {
    refusal_ = error.what();
  }
  return refusal_.empty();
}

void LoadRequest::take_events(const ResponseHead& head, std::string_view piece) {
  if (!head.content_type.starts_with("text/event-stream")) {
    throw InvalidInput("expected a stream of events, got " +
                       (head.content_type.empty() ? "no type of content" : quote(head.content_type)) + ": " +
                       server_error_text(piece));
  }
  const LoadClock::time_point now = LoadClock::now();
  events_.feed(piece, [&](const StreamEvent& event) {
    reader_.take_event(event, seconds_between(sent_, now));
    done_ = now;
  });
}

void LoadRequest::fail(Ending ending, std::string message) {
  outcome_.ending = ending;
  outcome_.message = std::move(message);
}

void LoadRequest::judge(HttpEnding ending, const ResponseHead& head, const std::string& message) {
  const std::string so_far =
      is_streamed_ ? " after " + std::to_string(reader_.answer().num_text_events) + " events with text" : "";
  if (!refusal_.empty()) return fail(Ending::kBrokenStream, refusal_);
  if (reader_.answer().is_done) return;  // whatever became of the connection
  switch (ending) {
    case HttpEnding::kNotConnected:
      return fail(Ending::kConnection, message);
    case HttpEnding::kTimeout:
      return fail(Ending::kTimeout, message + so_far);
    case HttpEnding::kStopped:
      return fail(Ending::kCancelled, {});
    case HttpEnding::kBroken:
      return fail(head.status == 0 ? Ending::kConnection : Ending::kBrokenStream, message + so_far);
    case HttpEnding::kComplete:
      break;
  }
  if (!is_success(head.status)) return fail(Ending::kStatus, server_error_text(body_));
  try {
    if (!is_streamed_) reader_.take_whole(body_);
  } catch (const InvalidInput& error) {
    return fail(Ending::kBrokenStream, error.what());
  }
  if (!reader_.is_whole()) fail(Ending::kBrokenStream, "the stream ended without [DONE]" + so_far);
}

Outcome LoadRequest::end(HttpEnding ending, const ResponseHead& head, const std::string& message) {
  const LoadClock::time_point now = LoadClock::now();
  judge(ending, head, message);
  const bool ended_before = outcome_.ending == Ending::kSuccess && is_streamed_;  // the connection may have gone on
  outcome_.total_seconds = seconds_between(sent_, ended_before ? done_ : now);
  outcome_.status = head.status;
  outcome_.answer = reader_.answer();
  return std::move(outcome_);
}

}  // namespace wedlm::load
