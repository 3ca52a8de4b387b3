// What the two ends of a request share. The engine holds the channel itself and writes; a reader holds a
// ResponseStream, which passes on what concerns it. At most one event waits here, or as many as the request says: what
// is written before the last of them was taken is added to it.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>

#include "wedlm/engine/request.h"

namespace wedlm {

class ResponseChannel {
 public:
  /// `on_ready` may be empty; see Request, also for `max_events`.
  explicit ResponseChannel(std::function<void()> on_ready, int max_events = 1)
      : max_events_(static_cast<std::size_t>(max_events)), on_ready_(std::move(on_ready)) {}

  // The engine's end.
  void push(StreamEvent event);
  /// The last call of the engine.
  void finish(Result result);
  bool is_cancelled() const { return is_cancelled_.load(std::memory_order_relaxed); }

  // The reader's end, as ResponseStream describes it.
  std::optional<StreamEvent> next_for(std::chrono::milliseconds timeout);
  const Result& wait();
  bool wait_for(std::chrono::milliseconds timeout);
  bool is_finished() const;
  void cancel() { is_cancelled_.store(true, std::memory_order_relaxed); }
  /// No reader is left: cancels, and on_ready is not called after it has returned.
  void abandon();

 private:
  void notify();

  const std::size_t max_events_;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::deque<StreamEvent> events_;
  std::optional<Result> result_;

  std::mutex notify_mutex_;  // held while on_ready_ is called
  std::function<void()> on_ready_;

  std::atomic<bool> is_cancelled_{false};
};

}  // namespace wedlm
