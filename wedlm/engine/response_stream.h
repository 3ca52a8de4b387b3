// The client's end of a request: events as they come, then the result. Written by the engine's thread, read by any.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>

#include "wedlm/engine/request.h"

namespace wedlm {

class ResponseStream {
 public:
  /// The next event, in order; waits for it. nullopt once the request has ended and every event was taken.
  std::optional<StreamEvent> next();

  /// As next(), but gives up after `timeout`: nullopt then does not mean the end; ask is_finished().
  std::optional<StreamEvent> next_for(std::chrono::milliseconds timeout);

  /// Waits for the end and returns the result; events that were not taken are still there.
  const Result& wait();

  /// The request has ended and every event was taken.
  bool is_finished() const;

  /// Asks the engine to end the request at the next step; what was committed stays. Safe from any thread, any number of
  /// times, and after the end.
  void cancel() { cancelled_.store(true, std::memory_order_relaxed); }
  bool is_cancelled() const { return cancelled_.load(std::memory_order_relaxed); }

  /// For the engine's thread.
  void push(StreamEvent event);
  void finish(Result result);

 private:
  std::optional<StreamEvent> take_event();  // with the lock held

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<StreamEvent> events_;
  std::optional<Result> result_;
  std::atomic<bool> cancelled_{false};
};

}  // namespace wedlm
