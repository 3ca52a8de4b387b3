#include "wedlm/engine/response_channel.h"

#include <utility>

namespace wedlm {

void ResponseChannel::push(StreamEvent event) {
  {
    const std::lock_guard lock(mutex_);
    const bool was_told = !events_.empty();
    if (events_.size() >= max_events_) {
      events_.back().append(std::move(event));
    } else {
      events_.push_back(std::move(event));
    }
    if (was_told) return;  // whoever reads has not come yet
  }
  notify();
}

void ResponseChannel::finish(Result result) {
  {
    const std::lock_guard lock(mutex_);
    if (!result_) result_ = std::move(result);
  }
  notify();
}

void ResponseChannel::notify() {
  changed_.notify_all();
  const std::lock_guard lock(notify_mutex_);
  if (!on_ready_) return;
  try {
    on_ready_();
  } catch (...) {
    // A reader that cannot even be told will not read. The engine's thread has others to serve.
    on_ready_ = nullptr;
    cancel();
  }
}

std::optional<StreamEvent> ResponseChannel::next_for(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  if (timeout.count() > 0) changed_.wait_for(lock, timeout, [&] { return !events_.empty() || result_.has_value(); });
  if (events_.empty()) return std::nullopt;
  std::optional<StreamEvent> event = std::move(events_.front());
  events_.pop_front();
  return event;
}

const Result& ResponseChannel::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return result_.has_value(); });
  return *result_;
}

bool ResponseChannel::wait_for(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, timeout, [&] { return result_.has_value(); });
}

bool ResponseChannel::is_finished() const {
  const std::lock_guard lock(mutex_);
  return events_.empty() && result_.has_value();
}

void ResponseChannel::abandon() {
  cancel();
  const std::lock_guard lock(notify_mutex_);
  on_ready_ = nullptr;
}

}  // namespace wedlm
