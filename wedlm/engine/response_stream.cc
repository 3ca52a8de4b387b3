#include "wedlm/engine/response_stream.h"

#include <utility>

namespace wedlm {

std::optional<StreamEvent> ResponseStream::next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !events_.empty() || result_.has_value(); });
  return take_event();
}

std::optional<StreamEvent> ResponseStream::next_for(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, timeout, [&] { return !events_.empty() || result_.has_value(); });
  return take_event();
}

std::optional<StreamEvent> ResponseStream::take_event() {
  if (events_.empty()) return std::nullopt;
  StreamEvent event = std::move(events_.front());
  events_.pop_front();
  return event;
}

const Result& ResponseStream::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return result_.has_value(); });
  return *result_;
}

bool ResponseStream::is_finished() const {
  const std::lock_guard lock(mutex_);
  return events_.empty() && result_.has_value();
}

void ResponseStream::push(StreamEvent event) {
  {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
  }
  changed_.notify_all();
}

void ResponseStream::finish(Result result) {
  {
    const std::lock_guard lock(mutex_);
    if (!result_) result_ = std::move(result);
  }
  changed_.notify_all();
}

}  // namespace wedlm
